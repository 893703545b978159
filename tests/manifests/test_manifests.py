#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the manifests of examples/kubernetes and examples/compose without a
network, as TAP: fields, names that have to fit each other, and that nothing
is allowed that need not be. With kubectl, that Kustomize makes of them what
is meant."""

import copy
import os
import shutil
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
KUBERNETES = os.path.join(ROOT, "examples", "kubernetes")
COMPOSE = os.path.join(ROOT, "examples", "compose")
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

import schema  # noqa: E402

try:
    import yaml
except ImportError:
    yaml = None


def load(*path):
    with open(os.path.join(*path), encoding="utf-8") as f:
        return [d for d in yaml.safe_load_all(f) if d is not None]


def problems(document):
    known = schema.KINDS.get(document.get("kind"))
    if known is None:
        return [f"kind {document.get('kind')!r} is not known"]
    return known.problems(document, document["kind"])


def containers(pod):
    return pod.get("initContainers", []) + pod["containers"]


def merged(base, patch):
    """A strategic merge, as far as the examples need it: mappings by key,
    lists of named things by name, everything else is replaced."""
    if isinstance(base, dict) and isinstance(patch, dict):
        made = dict(base)
        for key, value in patch.items():
            made[key] = merged(base[key], value) if key in base else value
        return made
    if isinstance(base, list) and all(
            isinstance(item, dict) and "name" in item
            for item in [*base, *patch]):
        old = {item["name"]: item for item in base}
        new = {item["name"]: item for item in patch}
        return [item for name, item in new.items() if name not in old] + [
            merged(item, new[name]) if name in new else item
            for name, item in old.items()]
    return patch


class Documents:
    """All manifests of a Kustomization and of those it builds on."""

    def __init__(self, folder):
        self.folder = folder
        (self.kustomization,) = load(folder, "kustomization.yaml")
        self.all, self.parents = [], []
        for name in self.kustomization["resources"]:
            path = os.path.normpath(os.path.join(folder, name))
            if os.path.isdir(path):
                self.parents.append(Documents(path))
                self.all += self.parents[-1].all
            else:
                self.all += load(path)
        for entry in self.kustomization.get("patches", ()):
            for patch in load(folder, entry["path"]):
                self.patch(patch)

    def patch(self, patch):
        at = [(d["kind"], d["metadata"]["name"]) for d in self.all].index(
            (patch["kind"], patch["metadata"]["name"]))
        self.all[at] = merged(self.all[at], patch)

    def of(self, kind):
        return [d for d in self.all if d["kind"] == kind]

    def maps(self):
        made = {g["name"]: g for g in
                self.kustomization.get("configMapGenerator", ())}
        for parent in self.parents:
            made = {**parent.maps(), **made}
        return made


@unittest.skipIf(yaml is None, "python3-yaml is not installed")
class Kubernetes(unittest.TestCase):
    def setUp(self):
        self.folders = sorted(
            entry.path for entry in os.scandir(KUBERNETES) if entry.is_dir())
        self.each = [Documents(folder) for folder in self.folders]
        self.pods = [d["spec"]["template"]["spec"] for documents in self.each
                     for d in documents.of("Deployment")]

    def test_every_field_is_known_and_of_its_type(self):
        for documents in self.each:
            for d in [documents.kustomization, *documents.all]:
                self.assertEqual(problems(d), [])

    def test_a_misspelt_field_is_found(self):
        good = self.each[0].of("Deployment")[0]
        for change in (
                lambda pod: pod.update(volume=[]),
                lambda pod: pod["containers"][0].update(imagePullPolcy="x"),
                lambda pod: pod["containers"][0].update(command="sh"),
                lambda pod: pod["containers"][0].pop("image"),
                lambda pod: pod["containers"].append(pod["containers"][0]),
                lambda pod: pod["securityContext"].update(runAsUser="root")):
            bad = copy.deepcopy(good)
            change(bad["spec"]["template"]["spec"])
            self.assertEqual(len(problems(bad)), 1, problems(bad))

    def test_selectors_find_what_they_should(self):
        for documents in self.each:
            labels = [d["spec"]["template"]["metadata"]["labels"]
                      for d in documents.of("Deployment")]
            for d in documents.of("Deployment"):
                wanted = d["spec"]["selector"]["matchLabels"].items()
                self.assertLessEqual(
                    wanted, d["spec"]["template"]["metadata"]["labels"]
                    .items())
            for d in documents.of("Service"):
                wanted = d["spec"]["selector"].items()
                self.assertEqual(sum(wanted <= have.items()
                                     for have in labels), 1)

    def test_ports_have_the_names_that_are_used(self):
        for documents in self.each:
            names = {p["name"] for d in documents.of("Deployment")
                     for c in containers(d["spec"]["template"]["spec"])
                     for p in c.get("ports", ())}
            used = {p["targetPort"] for d in documents.of("Service")
                    for p in d["spec"]["ports"]}
            self.assertLessEqual(used, names)

    def test_volumes_are_there_and_mounted(self):
        for pod in self.pods:
            have = {v["name"] for v in pod.get("volumes", ())}
            used = {m["name"] for c in containers(pod)
                    for m in c.get("volumeMounts", ())}
            self.assertEqual(have, used)

    def test_the_configuration_is_a_folder_that_can_be_swapped(self):
        for documents in self.each:
            for pod in self.pods:
                for volume in pod.get("volumes", ()):
                    if "configMap" in volume:
                        self.assertIn(volume["configMap"]["name"],
                                      documents.maps())
                for c in containers(pod):
                    for mount in c.get("volumeMounts", ()):
                        self.assertNotIn("subPath", mount)
            self.assertTrue(documents.kustomization["generatorOptions"]
                            ["disableNameSuffixHash"])
            for generator in documents.maps().values():
                for name in generator["files"]:
                    self.assertTrue(os.path.exists(os.path.join(
                        documents.folder, name)))

    def test_nobody_may_do_more_than_needed(self):
        for pod in self.pods:
            self.assertTrue(pod["securityContext"]["runAsNonRoot"])
            self.assertIs(pod["automountServiceAccountToken"], False)
            for c in containers(pod):
                security = c["securityContext"]
                self.assertIs(security["allowPrivilegeEscalation"], False)
                if c["name"] == "intercept":
                    continue
                self.assertEqual(security["capabilities"], {"drop": ["ALL"]})
                self.assertNotIn("runAsNonRoot", security)

    def test_one_container_makes_firewall_rules_and_may_do_just_that(self):
        pods = [pod for pod in self.pods for c in containers(pod)
                if c["name"] == "intercept"]
        self.assertEqual(len(pods), 1)
        by_name = {c["name"]: c for c in containers(pods[0])}
        intercept = by_name["intercept"]
        self.assertEqual(intercept["securityContext"]["capabilities"],
                         {"drop": ["ALL"], "add": ["NET_ADMIN"]})
        self.assertIn(intercept, pods[0]["initContainers"])
        self.assertNotIn("restartPolicy", intercept)
        self.assertEqual(intercept["args"][:2], ["intercept", "up"])
        # It leaves out the sidecar, and nobody else.
        user = by_name["faultwire"]["securityContext"]["runAsUser"]
        self.assertEqual(intercept["args"][-2:], ["--skip-user", str(user)])
        self.assertNotEqual(
            user, by_name["app"]["securityContext"].get(
                "runAsUser", pods[0]["securityContext"]["runAsUser"]))

    def test_the_sidecar_is_ready_before_the_application(self):
        sidecars = [c for pod in self.pods
                    for c in pod.get("initContainers", ())
                    if c["name"] != "intercept"]
        self.assertEqual({c["name"] for c in sidecars}, {"faultwire"})
        for sidecar in sidecars:
            self.assertEqual(sidecar["restartPolicy"], "Always")
            self.assertIn("startupProbe", sidecar)
            self.assertTrue(sidecar["securityContext"]
                            ["readOnlyRootFilesystem"])

    @unittest.skipIf(shutil.which("kubectl") is None,
                     "kubectl is not installed")
    def test_kustomize_makes_of_it_what_is_meant(self):
        for documents in self.each:
            done = subprocess.run(
                ["kubectl", "kustomize", documents.folder],
                stdin=subprocess.DEVNULL, capture_output=True, text=True,
                check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            made = list(yaml.safe_load_all(done.stdout))
            for d in made:
                self.assertEqual(problems(d), [])
            kinds = sorted(d["kind"] for d in made)
            self.assertEqual(kinds, ["ConfigMap", "Deployment", "Deployment",
                                     "Service"])
            (data,) = [d["data"] for d in made if d["kind"] == "ConfigMap"]
            with open(os.path.join(documents.folder, "faultwire.conf"),
                      encoding="utf-8") as f:
                self.assertEqual(data, {"faultwire.conf": f.read()})


@unittest.skipIf(yaml is None, "python3-yaml is not installed")
class Compose(unittest.TestCase):
    def setUp(self):
        (self.base,) = load(COMPOSE, "compose.yaml")
        (self.public,) = load(COMPOSE, "compose.public.yaml")

    def test_every_field_is_known_and_of_its_type(self):
        for d in (self.base, self.public):
            self.assertEqual(schema.COMPOSE.problems(d, "compose"), [])

    def test_services_depend_on_others_that_are_there(self):
        names = {*self.base["services"], *self.public["services"]}
        for d in (self.base, self.public):
            for service in d["services"].values():
                self.assertLessEqual(set(service.get("depends_on", ())),
                                     names)

    def test_what_is_mounted_is_there(self):
        for d in (self.base, self.public):
            for service in d["services"].values():
                for volume in service.get("volumes", ()):
                    path = volume.removeprefix("${FAULTWIRE_CONF:-")
                    path = path.split(":")[0].rstrip("}")
                    self.assertTrue(
                        os.path.exists(os.path.join(COMPOSE, path)), path)

    def test_ports_are_published_to_this_host_alone(self):
        for d in (self.base, self.public):
            for service in d["services"].values():
                for port in service.get("ports", ()):
                    self.assertTrue(port.startswith("127.0.0.1:"), port)

    def test_public_images_have_versions(self):
        for name, service in self.public["services"].items():
            image = service["image"].rsplit("/", 1)[-1]
            self.assertIn(":", image, name)
            self.assertFalse(image.endswith(":latest"), name)


if __name__ == "__main__":
    result = unittest.TextTestRunner(
        stream=open(os.devnull, "w", encoding="ascii")).run
    tests = [t for s in unittest.defaultTestLoader.loadTestsFromModule(
        sys.modules["__main__"]) for t in s]
    for number, test in enumerate(tests, 1):
        outcome = result(test)
        bad = outcome.errors + outcome.failures
        name = test._testMethodName.removeprefix("test_").replace("_", " ")
        skip = "".join(f" # SKIP {why}" for _, why in outcome.skipped)
        print(f"{'not ok' if bad else 'ok'} {number} - {name}{skip}")
        for _, text in bad:
            print("\n".join(f"# {line}" for line in text.splitlines()))
    print(f"1..{len(tests)}")
