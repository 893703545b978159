/* SPDX-License-Identifier: Apache-2.0 */
/* The table of link profiles. */
#include <string.h>

#include "base/near.h"
#include "config/profile.h"

#define WEBPAGETEST "WebPageTest, connectivity.ini.sample"
#define FIREFOX	    "Firefox DevTools, network throttling"
#define OOKLA	    "Ookla Speedtest, United States, 3rd quarter of 2021"

const char *const conf_profile_names[PROFILE_COUNT + 1] = {
    [PROFILE_NONE] = "none",
    [PROFILE_LOOPBACK] = "loopback",
    [PROFILE_LAN] = "lan",
    [PROFILE_CROSS_ZONE] = "cross-zone",
    [PROFILE_CROSS_REGION] = "cross-region",
    [PROFILE_FIBER] = "fiber",
    [PROFILE_CABLE] = "cable",
    [PROFILE_DSL] = "dsl",
    [PROFILE_DIALUP] = "dialup",
    [PROFILE_WIFI] = "wifi",
    [PROFILE_WIFI_BAD] = "wifi-bad",
    [PROFILE_LTE] = "lte",
    [PROFILE_4G] = "4g",
    [PROFILE_3G_FAST] = "3g-fast",
    [PROFILE_3G] = "3g",
    [PROFILE_3G_SLOW] = "3g-slow",
    [PROFILE_2G] = "2g",
    [PROFILE_EDGE] = "edge",
    [PROFILE_GPRS] = "gprs",
    [PROFILE_STARLINK] = "starlink",
    [PROFILE_SATELLITE] = "satellite",
};

const struct conf_profile conf_profiles[PROFILE_COUNT] = {
    [PROFILE_LOOPBACK] =
	{
	    .summary = "Both ends on one machine: nothing is added",
	    .source = "none needed; it stands for \"no link\" by a name",
	},
    [PROFILE_LAN] =
	{
	    .summary = "A switched office network",
	    .source = "rate: IEEE 802.3ab; round trip: our choice",
	    .rtt_ms = 0.5,
	    .up_kbit = 1e6,
	    .down_kbit = 1e6,
	},
    [PROFILE_CROSS_ZONE] =
	{
	    .summary = "Two zones of one cloud region",
	    .source = "S. Painter, Exploring Azure Network Latency: mean "
		      "across zones of UK South",
	    .rtt_ms = 1.55,
	},
    [PROFILE_CROSS_REGION] =
	{
	    .summary = "Two regions with an ocean between them",
	    .source = "Verizon, service level of its transatlantic network, "
		      "London to New York",
	    .rtt_ms = 90,
	},
    [PROFILE_FIBER] =
	{
	    .summary = "Fibre to the home",
	    .source = WEBPAGETEST ", FIOS",
	    .rtt_ms = 4,
	    .up_kbit = 5000,
	    .down_kbit = 20000,
	},
    [PROFILE_CABLE] =
	{
	    .summary = "A cable modem",
	    .source = WEBPAGETEST ", Cable",
	    .rtt_ms = 28,
	    .up_kbit = 1000,
	    .down_kbit = 5000,
	},
    [PROFILE_DSL] =
	{
	    .summary = "A telephone line with DSL",
	    .source = WEBPAGETEST ", DSL",
	    .rtt_ms = 50,
	    .up_kbit = 384,
	    .down_kbit = 1500,
	},
    [PROFILE_DIALUP] =
	{
	    .summary = "A telephone line with a modem",
	    .source = WEBPAGETEST ", Dial",
	    .rtt_ms = 120,
	    .up_kbit = 30,
	    .down_kbit = 49,
	},
    [PROFILE_WIFI] =
	{
	    .summary = "A good wireless network",
	    .source = FIREFOX ", Wi-Fi",
	    .rtt_ms = 2,
	    .up_kbit = 15000,
	    .down_kbit = 30000,
	},
    [PROFILE_WIFI_BAD] =
	{
	    .summary = "A crowded wireless network at the edge of its reach",
	    .source = "our choice; nobody publishes one",
	    .rtt_ms = 40,
	    .jitter_ms = 15,
	    .up_kbit = 1000,
	    .down_kbit = 2000,
	    .loss_percent = 3,
	    .burst = 3,
	},
    [PROFILE_LTE] =
	{
	    .summary = "A mobile telephone with LTE",
	    .source = WEBPAGETEST ", LTE",
	    .rtt_ms = 70,
	    .up_kbit = 12000,
	    .down_kbit = 12000,
	},
    [PROFILE_4G] =
	{
	    .summary = "A mobile telephone with 4G",
	    .source = WEBPAGETEST ", 4G",
	    .rtt_ms = 170,
	    .up_kbit = 9000,
	    .down_kbit = 9000,
	},
    [PROFILE_3G_FAST] =
	{
	    .summary = "A mobile telephone with fast 3G or slow 4G",
	    .source = WEBPAGETEST ", 3GFast; Lighthouse calls it slow 4G",
	    .rtt_ms = 150,
	    .up_kbit = 768,
	    .down_kbit = 1600,
	},
    [PROFILE_3G] =
	{
	    .summary = "A mobile telephone with 3G",
	    .source = WEBPAGETEST ", 3G",
	    .rtt_ms = 300,
	    .up_kbit = 768,
	    .down_kbit = 1600,
	},
    [PROFILE_3G_SLOW] =
	{
	    .summary = "A mobile telephone with slow 3G",
	    .source = WEBPAGETEST ", 3GSlow",
	    .rtt_ms = 400,
	    .up_kbit = 400,
	    .down_kbit = 400,
	},
    [PROFILE_2G] =
	{
	    .summary = "A mobile telephone with 2G",
	    .source = WEBPAGETEST ", 2G",
	    .rtt_ms = 800,
	    .up_kbit = 256,
	    .down_kbit = 280,
	},
    [PROFILE_EDGE] =
	{
	    .summary = "A mobile telephone with EDGE",
	    .source = WEBPAGETEST ", Edge",
	    .rtt_ms = 840,
	    .up_kbit = 200,
	    .down_kbit = 240,
	},
    [PROFILE_GPRS] =
	{
	    .summary = "A mobile telephone with GPRS",
	    .source = FIREFOX ", GPRS",
	    .rtt_ms = 500,
	    .up_kbit = 20,
	    .down_kbit = 50,
	},
    [PROFILE_STARLINK] =
	{
	    .summary = "Satellites in low orbit",
	    .source = OOKLA ", medians of Starlink; jitter: our choice",
	    .rtt_ms = 44,
	    .jitter_ms = 4,
	    .up_kbit = 13540,
	    .down_kbit = 87250,
	},
    [PROFILE_SATELLITE] =
	{
	    .summary = "A geostationary satellite",
	    .source = OOKLA ", medians of Viasat; RFC 2488 reckons with at "
			    "least 558 ms",
	    .rtt_ms = 629,
	    .up_kbit = 2960,
	    .down_kbit = 18750,
	},
};

int
conf_profile_find(const char *name, struct error *err)
{
	struct near near;

	near_start(&near, name);
	for (int id = PROFILE_NONE + 1; id < PROFILE_COUNT; id++) {
		if (strcmp(conf_profile_names[id], name) == 0)
			return id;
		near_offer(&near, conf_profile_names[id]);
	}
	if (near.best != NULL)
		error_set(err, 0,
			  "there is no profile \"%.60s\"; did you mean "
			  "\"%s\"?",
			  name, near.best);
	else
		error_set(err, 0,
			  "there is no profile \"%.60s\"; expected one that "
			  "`faultwire profiles` shows",
			  name);
	return -1;
}
