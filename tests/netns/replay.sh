#!/bin/bash
# Recorded packets as traffic: a conversation of HTTP, DNS and large echoes, stored with
# the tests and one recorded now, is sent through each kind of tunnel, both ways, and
# compared octet by octet where it arrives.
#
# tests/vectors/web.pcap was recorded by this story: --record FILE.
. "$(dirname "$0")/lib_story.sh"

stored=$story_source/tests/vectors/web.pcap

serve='import http.server, socket, sys, threading
class Page(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = b"".join(b"%s line %d\n" % (self.path.encode(), n) for n in range(300))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
dns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
dns.bind(("", 53))
web = http.server.HTTPServer(("", 80), Page)
threading.Thread(target=web.serve_forever, daemon=True).start()
print("serving", flush=True)
while True:
    query, client = dns.recvfrom(512)
    answer = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + bytes([10, 0, 9, 2])
    dns.sendto(query[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + query[12:] + answer, client)'
browse='import http.client, os, socket, struct
dns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
dns.settimeout(5)
for number, name in enumerate(("www.example.net", "mail.example.net")):
    labels = b"".join(bytes([len(l)]) + l.encode() for l in name.split(".")) + b"\0"
    dns.sendto(struct.pack("!6H", number, 0x100, 1, 0, 0, 0) + labels + b"\0\1\0\1",
               ("10.0.9.2", 53))
    dns.recv(512)
web = http.client.HTTPConnection("10.0.9.2", 80, timeout=5)
for path in "/", "/news", "/weather":
    web.request("GET", path, headers={"Host": "www.example.net"})
    assert len(web.getresponse().read()) > 1000'

# What a host at home and a correspondent say to each other, on a link of 1300 octets so
# that nothing grows too large in a tunnel, with checksums made by the hosts.
record() { # NAME
	local host
	for host in cn host; do
		in_ns $host ethtool -K eth0 tx off tso off gso off gro off >/dev/null
		ip -n "$LAB-$host" link set eth0 mtu 1300
	done
	lab_start server cn python3 -c "$serve"
	lab_wait 10 "grep -q serving $LAB_DIR/server.log"
	sniff "$1" cn eth0 "ip and host 10.1.0.2"
	in_ns host python3 -c "$browse" &&
		in_ns host ping -n -q -c 2 -i 0.2 -W 1 -s 2000 10.0.9.2 >/dev/null
	sniff_end "$1"
	lab_stop server
}

# The ends record what comes as it is on the link: nothing may be joined on the way.
single_packets() {
	local pair

	for pair in ha:core core:cn fa1:visit; do
		in_ns "${pair%:*}" ethtool -K "${pair#*:}" tso off gso off tx off >/dev/null
	done
}

replay() { # NAME FILE
	config "$1" <<-XML
		<scenario name="$1" title="replayed" duration="1s">
		  <end name="correspondent" netns="$LAB-cn" address="10.0.9.2"/>
		  <end name="node" netns="$LAB-mn" address="10.1.0.10"/>
		  <replay name="to-node" from="correspondent" to="node" file="$2"
		          interface="radio0" speed="1000"/>
		  <replay name="from-node" from="node" to="correspondent" file="$2"
		          interface="eth0" speed="1000"/>
		</scenario>
	XML
	mn-sim scenario --quiet --out "$LAB_DIR" "$LAB_DIR/$1.xml"
}

replayed() { # NAME FILE
	local all
	all=$(tcpdump -n -r "$2" 2>/dev/null | wc -l)
	check "$1: is replayed" replay "$1" "$2"
	equal "$1: every packet arrives as it was, both ways" \
		"$(jq -c '[.flows[].total | .sent, .received, .lost]' "$LAB_DIR/run-$1.json")" \
		"[$all,$all,0,$all,$all,0]"
}

tunnel() { # ENCAPSULATION
	lab_stop mn
	configure mn "s/encapsulation=\"gre\"/encapsulation=\"$1\"/"
	start_all mn
	check_wait "$1: the node registers" 10 "shows ha bindings '.[0].encapsulation == \"$1\"'"
	replayed "$1-stored" "$stored"
	replayed "$1-fresh" "$LAB_DIR/fresh.pcap"
}

# A way that loses all of one direction is not overlooked.
lossy() {
	ip -n "$LAB-core" route add blackhole 10.0.9.2/32
	replay lossy "$stored" >/dev/null
	ip -n "$LAB-core" route del blackhole 10.0.9.2/32
	equal "packets that are lost are counted" "$(jq -c '[.flows[].total.lost]' "$LAB_DIR/run-lossy.json")" \
		"[0,$(tcpdump -n -r "$stored" 2>/dev/null | wc -l)]"
}

if [ "${1:-}" = --record ]; then
	story_begin tcpdump ethtool python3
	record fresh
	cp "$LAB_DIR/fresh.pcap" "$2"
	exit
fi

story_begin tcpdump ethtool python3
record fresh
check "the conversation is recorded whole: names, pages, fragments" \
	test "$(recorded fresh 'port 53 or port 80 or icmp or ip[6:2] & 0x3fff != 0' | wc -l)" -gt 25
lab_move visit1
single_packets
configure ha
configure fa1
start_all ha fa1
tunnel gre
tunnel ipip
tunnel minimal
lossy
for agent in mn fa1 ha; do
	stop $agent
done
check_clean mn fa1 ha
tap_done
