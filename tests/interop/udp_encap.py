# SPDX-License-Identifier: ISC
"""Open the port of ESP in UDP for the kernel's XFRM (RFC 3948), until ended."""
import signal
import socket

UDP_ENCAP, UDP_ENCAP_ESPINUDP = 100, 2

port = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
port.setsockopt(socket.IPPROTO_UDP, UDP_ENCAP, UDP_ENCAP_ESPINUDP)
port.bind(("", 4500))
signal.sigwait([signal.SIGTERM])
