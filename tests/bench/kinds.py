# SPDX-License-Identifier: ISC
"""What carries the traffic between ha and fa: nothing, or a tunnel of Sojourn's.

A kind has a name, a family (figures are drawn by it), missing() that says why it cannot
run here or None, and up(line), after which the node answers at the address that it
returns.  Ours: mip-ha serves a virtual home network in ha, mip-fa the visited link in
fa, and mn-sim is registered there with a reverse tunnel, so that both directions are
relayed.
"""
import pathlib
import subprocess

from line import AGENTS, INNER_MTU, VISITED, Trouble, other

HERE = pathlib.Path(__file__).resolve().parent
HOME = "10.1.0.10"
ESP = """<esp algorithm="aes-128-gcm" carrier="{carrier}"/>
  <peer-agent address="{peer}" protection="esp">
    <association spi="300" key="hex:6265636368206b65792031323334353637"/>
  </peer-agent>"""
UDP = '<tunnel carrier="udp"/>'
FAST, SLOW = '<tunnel fast-path="required"/>', '<tunnel fast-path="off"/>'


class Plain:
    """The kernel forwards, over the same links."""
    name, family = "plain", "plain"

    def missing(self):
        return None

    def up(self, line):
        for agent in AGENTS:
            line.run(agent, "ip", "route", "add", "default", "via", AGENTS[other(agent)])
        line.route_node()
        return VISITED


class Sojourn:
    """asked: what the node asks for; options: elements that both agents have besides."""

    def __init__(self, build, name, asked, options="", family="user"):
        self.build, self.name, self.family = build, name, family
        self.asked, self.options = asked, options

    def missing(self):
        return None

    def up(self, line):
        for host in ("ha", "fa", "mn"):
            self.configure(line, host)
        line.start("ha", self.build / "ha/mip-ha", "-c", line.dir / "ha.xml")
        line.start("fa", self.build / "fa/mip-fa", "-c", line.dir / "fa.xml")
        line.start("mn", self.build / "mn-sim/mn-sim", "node", "-c", line.dir / "mn.xml")
        line.wait_for("registration", lambda: self.is_registered(line))
        line.run("mn", "sh", "-c", "ip route show default | head -1 | "
                 f"xargs -I@ sh -c 'ip route change @ mtu lock {INNER_MTU}'")
        line.wait_path(HOME)
        return HOME

    def configure(self, line, host):
        text = (HERE / f"{host}.xml").read_text()
        text = text.replace("/run/sojourn/", f"{line.dir}/").replace("@KIND@", self.asked)
        if host in AGENTS:
            options = self.options.format(peer=AGENTS[other(host)])
            text = text.replace("  <control", f"  {options}\n  <control")
        (line.dir / f"{host}.xml").write_text(text)

    def is_registered(self, line):
        answer = subprocess.run([self.build / "common/ctl/mipctl", "-j", "-s",
                                 line.dir / "mn.sock", "show", "status"],
                                capture_output=True, text=True)
        return '"registered"' in answer.stdout


class FastPath(Sojourn):
    """The same tunnel, forwarded by eBPF in the kernel."""

    def missing(self):
        built = (self.build / "common/bpf/tunnel_fast.bpf.o").exists()
        return None if built else "the agents are built without the fast path"

    def up(self, line):
        target = super().up(line)
        shown = subprocess.run([self.build / "common/ctl/mipctl", "-j", "-s",
                                line.dir / "ha.sock", "show", "tunnels"],
                               capture_output=True, text=True).stdout
        if '"fast"' not in shown:
            raise Trouble(f"the tunnel does not take the fast path: {shown.strip()[:200]}")
        return target


def ours(build):
    raw, udp = (ESP.replace("{carrier}", carrier) for carrier in ("raw", "udp"))
    return [FastPath(build, "gre-bpf", "gre", FAST, "ebpf"),
            FastPath(build, "ipip-bpf", "ipip", FAST, "ebpf"),
            Sojourn(build, "gre", "gre", SLOW),
            Sojourn(build, "ipip", "ipip", SLOW),
            Sojourn(build, "minimal", "minimal"),
            Sojourn(build, "gre-udp", "gre", UDP),
            Sojourn(build, "esp", "ipip", raw),
            Sojourn(build, "gre+esp", "gre", raw),
            Sojourn(build, "esp-udp", "ipip", udp)]
