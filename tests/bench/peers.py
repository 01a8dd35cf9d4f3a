# SPDX-License-Identifier: ISC
"""Other people's tunnels between ha and fa, where their programs are installed.

None of them is installed by the bench; Debian's packages are named where one is missing.
Each carries the networks behind the two agents, to the node on its visited link.
"""
import os
import pathlib
import shutil
import subprocess

from line import AGENTS, BEHIND, INNER_MTU, VISITED, Trouble, other

INNER = {"ha": "10.14.0.1", "fa": "10.14.0.2"}
LINK = {"ha": "fa", "fa": "ha"}     # the agents' interfaces towards each other


class Peer:
    """programs: what it takes; package: where Debian has that."""
    family = "peer"
    programs = ()
    package = ""

    def missing(self):
        lacking = [p for p in self.programs if not shutil.which(p)]
        if lacking:
            return f"{lacking[0]} is not installed (Debian: {self.package})"
        return None

    def up(self, line):
        for agent in AGENTS:
            self.start(line, agent)
        for agent in AGENTS:
            self.join(line, agent)
        line.route_node()
        line.wait_path(VISITED)
        return VISITED

    def start(self, line, agent):
        """What comes before the other end is there."""

    def join(self, line, agent):
        """What comes after."""


def route(line, agent, device):
    """The network behind the other agent, through the tunnel's device."""
    line.wait_for(f"device {device}", lambda: line.run(
        agent, "ip", "link", "show", device, check=False).returncode == 0)
    line.run(agent, "ip", "link", "set", device, "txqueuelen", 1000, "up")
    line.run(agent, "ip", "route", "replace", BEHIND[other(agent)], "dev", device)


def write_secret(path, text):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w",
              encoding="utf-8") as f:
        f.write(text)


class Vxlan(Peer):
    """The kernel's own."""
    name = "vxlan"

    def missing(self):
        probe = ["ip", "link", "add", f"sjv{os.getpid()}", "type", "vxlan", "id", "42",
                 "dstport", "4789"]
        if subprocess.run(probe, capture_output=True).returncode:
            return "this kernel has no VXLAN"
        subprocess.run(["ip", "link", "del", probe[3]], check=True)
        return None

    def start(self, line, agent):
        peer = other(agent)
        line.run(agent, "ip", "link", "add", "vx", "type", "vxlan", "id", 42, "local",
                 AGENTS[agent], "remote", AGENTS[peer], "dstport", 4789,
                 "dev", LINK[agent])
        line.run(agent, "ip", "addr", "add", f"{INNER[agent]}/24", "dev", "vx")
        line.run(agent, "ip", "link", "set", "vx", "mtu", 1450, "up")
        line.run(agent, "ip", "route", "add", BEHIND[peer], "via", INNER[peer])


class OpenVswitch(Peer):
    """Its user-space datapath, with a GRE port."""
    name = "openvswitch"
    programs = ("ovs-vswitchd", "ovsdb-server", "ovsdb-tool", "ovs-vsctl")
    package = "openvswitch-switch"
    SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"

    def start(self, line, agent):
        home = line.dir / f"ovs-{agent}"
        home.mkdir()
        env = dict(os.environ, OVS_RUNDIR=str(home), OVS_LOGDIR=str(home),
                   OVS_DBDIR=str(home))
        subprocess.run(["ovsdb-tool", "create", home / "conf.db", self.SCHEMA], env=env,
                       check=True, capture_output=True)
        line.start(agent, "ovsdb-server", home / "conf.db", f"--remote=punix:{home}/db",
                   f"--unixctl={home}/db.ctl", env=env)
        line.wait_for("database", (home / "db").exists)
        self.configure(line, agent, ["--no-wait", "init"])
        line.start(agent, "ovs-vswitchd", f"unix:{home}/db", f"--unixctl={home}/vs.ctl",
                   "-vconsole:err", env=env)
        self.bridges(line, agent)

    def configure(self, line, agent, words):
        line.run(agent, "ovs-vsctl", f"--db=unix:{line.dir}/ovs-{agent}/db", "--timeout=10",
                 *words)

    def bridges(self, line, agent):
        """One holds the link to the other agent, one ends the tunnel."""
        peer = other(agent)
        self.configure(line, agent, "add-br outer -- set bridge outer "
                       f"datapath_type=netdev -- add-port outer {LINK[agent]}".split())
        self.configure(line, agent, "add-br inner -- set bridge inner datapath_type=netdev "
                       "-- add-port inner tun0 -- set interface tun0 type=gre "
                       f"options:remote_ip={AGENTS[peer]} "
                       f"options:local_ip={AGENTS[agent]}".split())
        line.run(agent, "ip", "addr", "flush", "dev", LINK[agent])
        for bridge, address in (("outer", AGENTS[agent]), ("inner", INNER[agent])):
            line.run(agent, "ip", "addr", "add", f"{address}/24", "dev", bridge)
            line.run(agent, "ip", "link", "set", bridge, "up")
        line.run(agent, "ip", "link", "set", "inner", "mtu", 1440)

    def join(self, line, agent):
        peer = other(agent)
        # Its datapath learns the neighbour from what the bridge answers.
        line.run(agent, "ping", "-c", 2, "-i", 0.2, "-W", 1, AGENTS[peer], check=False)
        line.run(agent, "ip", "route", "add", BEHIND[peer], "via", INNER[peer])


class OpenVpn(Peer):
    """AES-256-GCM over UDP, with fast-io; two certificates that know each other."""
    name = "openvpn"
    programs = ("openvpn", "openssl")
    package = "openvpn"

    def start(self, line, agent):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                        "-subj", f"/CN={agent}", "-keyout", line.dir / f"{agent}.key",
                        "-out", line.dir / f"{agent}.crt"], check=True,
                       capture_output=True)

    def fingerprint(self, line, agent):
        told = subprocess.run(["openssl", "x509", "-in", line.dir / f"{agent}.crt",
                               "-noout", "-fingerprint", "-sha256"], check=True,
                              capture_output=True, text=True).stdout
        return told.strip().partition("=")[2]

    def join(self, line, agent):
        peer = other(agent)
        line.start(agent, "openvpn", "--dev", "tun0", "--dev-type", "tun", "--disable-dco",
                   "--proto", "udp", "--port", 1194, "--local", AGENTS[agent],
                   "--remote", AGENTS[peer], "--ifconfig", INNER[agent], INNER[peer],
                   "--tls-server" if agent == "ha" else "--tls-client", "--dh", "none",
                   "--cert", line.dir / f"{agent}.crt", "--key", line.dir / f"{agent}.key",
                   "--peer-fingerprint", self.fingerprint(line, peer),
                   "--data-ciphers", "AES-256-GCM", "--cipher", "AES-256-GCM",
                   "--tun-mtu", 1440, "--mssfix", 0, "--fast-io",
                   "--sndbuf", 4 << 20, "--rcvbuf", 4 << 20)
        route(line, agent, "tun0")


class StrongSwan(Peer):
    """charon with its own ESP in user space (kernel-libipsec), AES-128-GCM in UDP."""
    name = "strongswan"
    programs = ("swanctl",)
    package = ("strongswan-charon strongswan-swanctl libcharon-extra-plugins "
               "libstrongswan-standard-plugins")
    CHARON = "/usr/lib/ipsec/charon"
    LIBIPSEC = "/usr/lib/ipsec/plugins/libstrongswan-kernel-libipsec.so"
    DAEMON = """charon {{
  load = random nonce openssl aes sha2 sha1 hmac kdf gcm pem pkcs1 pubkey x509 \
kernel-libipsec kernel-netlink socket-default vici
  plugins {{
    vici {{ socket = unix://{dir}/vici-{agent} }}
    kernel-libipsec {{ allow_peer_ts = yes }}
  }}
  filelog {{ stderr {{ default = 0 }} }}
}}
"""
    CONNECTION = """connections {{ bench {{
  version = 2
  local_addrs = {local}
  remote_addrs = {remote}
  encap = yes
  proposals = aes128gcm16-prfsha256-ecp256
  local {{ auth = psk
    id = {local} }}
  remote {{ auth = psk
    id = {remote} }}
  children {{ bench {{ local_ts = {behind}
    remote_ts = {beyond}
    esp_proposals = aes128gcm16 }} }}
}} }}
secrets {{ ike-bench {{ secret = "beech key 1234567" }} }}
"""

    def missing(self):
        for path in (self.CHARON, self.LIBIPSEC):
            if not pathlib.Path(path).exists():
                return f"{path} is not installed (Debian: {self.package})"
        return super().missing()

    def env(self, line, agent):
        return dict(os.environ, STRONGSWAN_CONF=str(line.dir / f"daemon-{agent}"))

    def swanctl(self, line, agent, *words):
        done = line.run(agent, "swanctl", *words, "--uri", f"unix://{line.dir}/vici-{agent}",
                        env=self.env(line, agent), timeout=20, check=False)
        if done.returncode:
            raise Trouble(f"swanctl: {(done.stdout + done.stderr).strip()[-200:]}")

    def start(self, line, agent):
        peer = other(agent)
        write_secret(line.dir / f"daemon-{agent}",
                     self.DAEMON.format(dir=line.dir, agent=agent))
        write_secret(line.dir / f"swanctl-{agent}", self.CONNECTION.format(
            local=AGENTS[agent], remote=AGENTS[peer], behind=BEHIND[agent],
            beyond=BEHIND[peer]))
        # Both would write the same file of their process id in /run.
        line.start(agent, "unshare", "-m", "sh", "-c",
                   f"mount -t tmpfs none /run && exec {self.CHARON}",
                   env=self.env(line, agent))
        line.wait_for("charon", (line.dir / f"vici-{agent}").exists)

    def join(self, line, agent):
        self.swanctl(line, agent, "--load-all", "--file", line.dir / f"swanctl-{agent}")
        line.run(agent, "ip", "link", "set", "ipsec0", "txqueuelen", 1000)
        if agent == list(AGENTS)[-1]:
            self.swanctl(line, agent, "--initiate", "--child", "bench")


class WireguardGo(Peer):
    """ChaCha20-Poly1305 in UDP."""
    name = "wireguard-go"
    programs = ("wireguard-go", "wg")
    package = "wireguard-go wireguard-tools"

    def device(self, agent):
        """Its control socket is in /run: named for this process as well."""
        return f"w{agent}{os.getpid()}"

    def start(self, line, agent):
        private = subprocess.run(["wg", "genkey"], check=True, capture_output=True,
                                 text=True).stdout
        write_secret(line.dir / f"{agent}.private", private)
        line.start(agent, "wireguard-go", "-f", self.device(agent),
                   env=dict(os.environ, LOG_LEVEL="error"))
        route(line, agent, self.device(agent))

    def public(self, line, agent):
        return subprocess.run(["wg", "pubkey"], check=True, capture_output=True, text=True,
                              input=(line.dir / f"{agent}.private").read_text()
                              ).stdout.strip()

    def join(self, line, agent):
        peer = other(agent)
        line.run(agent, "wg", "set", self.device(agent), "listen-port", 51820,
                 "private-key", line.dir / f"{agent}.private", "peer",
                 self.public(line, peer), "allowed-ips", "0.0.0.0/0",
                 "endpoint", f"{AGENTS[peer]}:51820")
        line.run(agent, "ip", "link", "set", self.device(agent), "mtu", INNER_MTU + 40)


def others():
    return [Vxlan(), OpenVswitch(), OpenVpn(), StrongSwan(), WireguardGo()]
