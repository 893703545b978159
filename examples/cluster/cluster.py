# SPDX-License-Identifier: Apache-2.0
"""What every cluster here has: nodes on hosts, faultwire between them, and a
client that writes."""

from proxy import Proxy
from writer import Writer


class Cluster:
    """To be completed by: `conf`, the configuration of faultwire; `nodes_on`,
    which makes the nodes; `set_up`, which starts them and waits until they
    are one cluster; `write`, for the writer."""

    def __init__(self, network, story, program):
        self.story = story
        self.proxy = Proxy(story, self.conf, f"{network.dir}/faultwire.log",
                           program)
        self.nodes = self.nodes_on(network.hosts)
        self.set_up()
        self.writer = Writer(self.write)

    def close(self):
        writer = getattr(self, "writer", None)
        if writer is not None:
            writer.close()
        self.proxy.close()
