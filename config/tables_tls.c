/* SPDX-License-Identifier: Apache-2.0 */
/* The words of a route's TLS: with its clients (tls) and with its upstream
 * (upstream_tls). Both are groups of a route, present if `enabled`. */
#include "config/model.h"
#include "config/tables.h"

static const char *const versions[] = {"1.0", "1.1", "1.2", "1.3", NULL};
static const char *const client_auths[] = {"off", "request", "require", NULL};

#define TLS(member)	 offsetof(struct conf_route, tls.member)
#define UPSTREAM(member) offsetof(struct conf_route, upstream_tls.member)

const struct conf_field conf_tls_fields[] = {
    {.name = "enabled",
     .type = CONF_BOOL,
     .def = "false",
     .offset = TLS(enabled),
     .help = "True where the group is written; false: the route does not "
	     "speak TLS with clients"},
    {.name = "certificate",
     .type = CONF_STRINGS,
     .offset = TLS(certificates),
     .help = "PEM files, each a certificate and its chain; the one that "
	     "covers the client's server name is used, else the first"},
    {.name = "key",
     .type = CONF_STRINGS,
     .offset = TLS(keys),
     .help = "PEM files of their keys, in the same order; default: the keys "
	     "stand in the files of the certificates"},
    {.name = "intercept",
     .type = CONF_BOOL,
     .def = "false",
     .offset = TLS(intercept),
     .help = "Names that no certificate covers get one minted on the fly, "
	     "signed by the local CA (faultwire ca init)"},
    {.name = "ca_dir",
     .type = CONF_STRING,
     .offset = TLS(ca_dir),
     .help = "Folder of the local CA; default: where faultwire ca init "
	     "puts it"},
    {.name = "client_ca",
     .type = CONF_STRING,
     .offset = TLS(client_ca),
     .help = "PEM file of the CAs that certificates of clients must come "
	     "from"},
    {.name = "client_auth",
     .type = CONF_ENUM,
     .choices = client_auths,
     .def = "off",
     .offset = TLS(client_auth),
     .help = "request: a client may show a certificate, which must be good; "
	     "require: it must"},
    {.name = "alpn",
     .type = CONF_STRINGS,
     .offset = TLS(alpn),
     .help = "Protocols offered to clients, the best first; a client that "
	     "names only others is refused; default: with http h2 and "
	     "http/1.1, as far as upstream_protocol lets both be served; with "
	     "tcp none is negotiated"},
    {.name = "min_version",
     .type = CONF_ENUM,
     .choices = versions,
     .def = "1.2",
     .offset = TLS(min_version),
     .help = "The oldest version accepted; below 1.2 weak algorithms are "
	     "allowed, too"},
    {.name = "max_version",
     .type = CONF_ENUM,
     .choices = versions,
     .def = "1.3",
     .offset = TLS(max_version),
     .help = "The newest version accepted"},
    {.name = "resume",
     .type = CONF_BOOL,
     .def = "true",
     .offset = TLS(resume),
     .help = "Give out tickets, by which clients resume sessions"},
    CONF_FIELD_END,
};

const struct conf_field conf_upstream_tls_fields[] = {
    {.name = "enabled",
     .type = CONF_BOOL,
     .def = "false",
     .offset = UPSTREAM(enabled),
     .help = "True where the group is written; false: the upstream is spoken "
	     "to without TLS"},
    {.name = "verify",
     .type = CONF_BOOL,
     .def = "true",
     .offset = UPSTREAM(verify),
     .help = "The upstream's certificate must be good and for its name; "
	     "false: anybody may answer"},
    {.name = "ca_file",
     .type = CONF_STRING,
     .offset = UPSTREAM(ca_file),
     .help = "PEM file of the CAs to trust; default: the system's"},
    {.name = "server_name",
     .type = CONF_STRING,
     .offset = UPSTREAM(server_name),
     .help = "Name sent (SNI) and verified; default: the one that the client "
	     "asked for, else the upstream's host"},
    {.name = "certificate",
     .type = CONF_STRING,
     .offset = UPSTREAM(certificate),
     .help = "PEM file of a certificate, with its chain, to show when the "
	     "upstream asks for one"},
    {.name = "key",
     .type = CONF_STRING,
     .offset = UPSTREAM(key),
     .help = "PEM file of its key; default: it stands in the certificate's "
	     "file"},
    {.name = "alpn",
     .type = CONF_STRINGS,
     .offset = UPSTREAM(alpn),
     .help = "Protocols offered to the upstream; default: with tcp what was "
	     "agreed on with the client, with http h2 and http/1.1; of these "
	     "two only those that client and upstream_protocol allow"},
    {.name = "min_version",
     .type = CONF_ENUM,
     .choices = versions,
     .def = "1.2",
     .offset = UPSTREAM(min_version),
     .help = "The oldest version accepted; below 1.2 weak algorithms are "
	     "allowed, too"},
    {.name = "max_version",
     .type = CONF_ENUM,
     .choices = versions,
     .def = "1.3",
     .offset = UPSTREAM(max_version),
     .help = "The newest version accepted"},
    {.name = "resume",
     .type = CONF_BOOL,
     .def = "true",
     .offset = UPSTREAM(resume),
     .help = "Resume sessions with the upstream"},
    CONF_FIELD_END,
};
