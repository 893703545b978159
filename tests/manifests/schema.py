# SPDX-License-Identifier: Apache-2.0
"""What manifests may hold: so much of Kubernetes and Compose as the examples
speak, strictly. A field that is not in these tables is a finding: it is
misspelt, or its line is missing here."""


class Of:
    """A value of a type, perhaps one of some, or of a pattern of its own."""

    def __init__(self, kind, *choices, least=None):
        self.kind, self.choices, self.least = kind, choices, least

    def problems(self, value, path):
        kinds = self.kind if isinstance(self.kind, tuple) else (self.kind,)
        if type(value) not in kinds:
            names = " or ".join(k.__name__ for k in kinds)
            return [f"{path}: {value!r} is no {names}"]
        if self.choices and value not in self.choices:
            return [f"{path}: {value!r} is none of {self.choices}"]
        if self.least is not None and value < self.least:
            return [f"{path}: {value!r} is less than {self.least}"]
        return []


class List:
    def __init__(self, item, unique=None):
        self.item, self.unique = item, unique

    def problems(self, value, path):
        if not isinstance(value, list) or not value:
            return [f"{path}: a list with something in it was expected"]
        found = []
        for n, item in enumerate(value):
            found += self.item.problems(item, f"{path}[{n}]")
        if self.unique and not found:
            names = [item.get(self.unique) for item in value]
            found += [f"{path}: {name!r} twice" for name in sorted(
                {str(n) for n in names if names.count(n) > 1})]
        return found


class Map:
    """Any keys."""

    def __init__(self, item):
        self.item = item

    def problems(self, value, path):
        if not isinstance(value, dict):
            return [f"{path}: a mapping was expected"]
        return [p for key, item in value.items()
                for p in self.item.problems(item, f"{path}.{key}")]


class Group:
    """Keys that are known; those written with a final underscore must be
    there."""

    def __init__(self, one_of=None, **fields):
        self.one_of = one_of
        self.required = {k[:-1] for k in fields if k.endswith("_")}
        self.fields = {k.rstrip("_"): v for k, v in fields.items()}

    def problems(self, value, path):
        if not isinstance(value, dict):
            return [f"{path}: a mapping was expected"]
        found = [f"{path}: lacks {name}" for name in
                 sorted(self.required - value.keys())]
        for name, item in value.items():
            if name not in self.fields:
                found.append(f"{path}: has no field {name}")
            else:
                found += self.fields[name].problems(item, f"{path}.{name}")
        if self.one_of and len(value.keys() & set(self.one_of)) != 1:
            found.append(f"{path}: just one of {self.one_of} was expected")
        return found


TEXT, BOOL = Of(str), Of(bool)
TEXTS, LABELS = List(TEXT), Map(TEXT)
PORT, COUNT = Of(int, least=1), Of(int, least=0)

# --- Kubernetes ---------------------------------------------------------------

METADATA = Group(name_=TEXT, labels=LABELS, annotations=LABELS)
ACTION = {"exec": Group(command_=TEXTS),
          "tcpSocket": Group(port_=Of((int, str))),
          "httpGet": Group(path_=TEXT, port_=Of((int, str)))}
PROBE = Group(one_of=tuple(ACTION), **ACTION, periodSeconds=PORT,
              failureThreshold=PORT, timeoutSeconds=PORT,
              initialDelaySeconds=COUNT, successThreshold=PORT)
AMOUNTS = Group(cpu=TEXT, memory=TEXT)
CONTAINER_SECURITY = Group(
    allowPrivilegeEscalation=BOOL, readOnlyRootFilesystem=BOOL,
    runAsNonRoot=BOOL, runAsUser=COUNT, runAsGroup=COUNT,
    capabilities=Group(drop=TEXTS, add=TEXTS))
POD_SECURITY = Group(
    runAsNonRoot=BOOL, runAsUser=COUNT, runAsGroup=COUNT, fsGroup=COUNT,
    seccompProfile=Group(type_=Of(str, "RuntimeDefault")))
CONTAINER = {
    "name_": TEXT, "image_": TEXT, "command": TEXTS, "args": TEXTS,
    "env": List(Group(name_=TEXT, value_=TEXT), "name"),
    "ports": List(Group(name=TEXT, containerPort_=PORT,
                        protocol=Of(str, "TCP", "UDP")), "name"),
    "startupProbe": PROBE, "livenessProbe": PROBE, "readinessProbe": PROBE,
    "resources": Group(requests=AMOUNTS, limits=AMOUNTS),
    "securityContext": CONTAINER_SECURITY,
    "volumeMounts": List(Group(name_=TEXT, mountPath_=TEXT, readOnly=BOOL,
                               subPath=TEXT), "mountPath")}
VOLUME = Group(one_of=("configMap", "emptyDir", "secret"), name_=TEXT,
               configMap=Group(name_=TEXT), emptyDir=Map(TEXT),
               secret=Group(secretName_=TEXT))
POD = Group(
    automountServiceAccountToken=BOOL, terminationGracePeriodSeconds=COUNT,
    securityContext=POD_SECURITY, containers_=List(Group(**CONTAINER),
                                                   "name"),
    initContainers=List(Group(**CONTAINER, restartPolicy=Of(str, "Always")),
                        "name"),
    volumes=List(VOLUME, "name"))
KINDS = {
    "Deployment": Group(
        apiVersion_=Of(str, "apps/v1"), kind_=TEXT, metadata_=METADATA,
        spec_=Group(
            replicas=COUNT, selector_=Group(matchLabels_=LABELS),
            template_=Group(metadata_=Group(labels_=LABELS), spec_=POD))),
    "Service": Group(
        apiVersion_=Of(str, "v1"), kind_=TEXT, metadata_=METADATA,
        spec_=Group(selector_=LABELS, ports_=List(Group(
            name=TEXT, port_=PORT, targetPort=Of((int, str)),
            protocol=Of(str, "TCP", "UDP")), "name"))),
    "ConfigMap": Group(
        apiVersion_=Of(str, "v1"), kind_=TEXT, metadata_=METADATA,
        data_=LABELS),
    "Kustomization": Group(
        apiVersion_=Of(str, "kustomize.config.k8s.io/v1beta1"), kind_=TEXT,
        resources_=TEXTS, patches=List(Group(path_=TEXT)),
        configMapGenerator=List(Group(
            name_=TEXT, files_=TEXTS, behavior=Of(str, "replace")), "name"),
        generatorOptions=Group(disableNameSuffixHash=BOOL),
        images=List(Group(name_=TEXT, newName=TEXT, newTag=TEXT), "name"),
        labels=List(Group(pairs_=LABELS))),
}

# --- Compose ------------------------------------------------------------------

SERVICE = Group(
    build=Group(context_=TEXT, dockerfile=TEXT, target=TEXT), image=TEXT,
    entrypoint=TEXTS, command=TEXTS, environment=LABELS, ports=TEXTS,
    volumes=TEXTS, depends_on=TEXTS, read_only=BOOL,
    restart=Of(str, "unless-stopped"))
COMPOSE = Group(name=TEXT, services_=Map(SERVICE))
