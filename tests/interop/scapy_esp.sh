#!/bin/bash
# SPDX-License-Identifier: ISC
# limit: 120
# ESP packets of ours opened by scapy, and scapy's by ours, for every algorithm that it
# knows. The packets go through pipes: no namespace, no daemon. See scapy_esp.py.
set -u
here=$(cd "$(dirname "$0")" && pwd)

for python in python3 /usr/bin/python3; do
	"$python" -W ignore -c 'import scapy.layers.ipsec, cryptography' 2>/dev/null || continue
	PYTHONDONTWRITEBYTECODE=1 exec "$python" -W ignore "$here/scapy_esp.py"
done
echo "no Python with scapy and cryptography"
exit 77
