#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""redfish.py FOLDER - a BMC on https://localhost for test_meters_named.c.

Makes FOLDER/cert.pem for the name localhost, prints the port, and serves until its standard input ends. The file
FOLDER/scenario says what kind of BMC it is (SCENARIOS and answer() below); FOLDER/requests gets a line for every
request: its path, and whether it came with the right credentials (admin, a password with a colon).
"""

import base64
import http.server
import json
import os
import ssl
import subprocess
import sys
import threading
import time

RIGHT = "Basic " + base64.b64encode(b"admin:se:cret").decode()
SLOW_S = 30

CHASSIS = {"@odata.id": "/redfish/v1/Chassis/1", "Id": "1"}
ENVIRONMENT_LINK = {"EnvironmentMetrics": {"@odata.id": "/redfish/v1/Chassis/1/EnvironmentMetrics"}}
POWER_LINK = {"Power": {"@odata.id": "/redfish/v1/Chassis/1/Power"}}
ENVIRONMENT = {
    "@odata.type": "#EnvironmentMetrics.v1_3_0.EnvironmentMetrics",
    "PowerWatts": {"Reading": 344.5, "DataSourceUri": "/redfish/v1/Chassis/1/Sensors/Power"},
    "EnergyJoules": {"Reading": 123456789},
    "EnergykWh": {"Reading": 34.29},
    "PowerLimitWatts": {"SetPoint": 800, "ControlMode": "Automatic"},
}


def control(name, watts, limit=None):
    return {"Name": name, "PowerConsumedWatts": watts, "PowerLimit": {"LimitInWatts": limit}}


def power(*controls):
    return {"@odata.type": "#Power.v1_7_1.Power", "PowerControl": list(controls)}


def members(*numbers):
    return {"Members": [{"@odata.id": f"/redfish/v1/Chassis/{n}"} for n in numbers]}


ONE = {"/redfish/v1/Chassis": members(1)}

# Path to answer, of each kind of BMC.
SCENARIOS = {
    "new": {
        **ONE,
        "/redfish/v1/Chassis/1": {**CHASSIS, **ENVIRONMENT_LINK, **POWER_LINK},
        "/redfish/v1/Chassis/1/EnvironmentMetrics": ENVIRONMENT,
        "/redfish/v1/Chassis/1/Power": power(control("System", 340)),
    },
    "old": {
        **ONE,
        "/redfish/v1/Chassis/1": {**CHASSIS, **POWER_LINK},
        "/redfish/v1/Chassis/1/Power": power(control("Server Power Control", 590, 1600)),
    },
    # the link to the new form leads nowhere
    "half": {
        **ONE,
        "/redfish/v1/Chassis/1": {**CHASSIS, **ENVIRONMENT_LINK, **POWER_LINK},
        "/redfish/v1/Chassis/1/Power": power(control("System", 341)),
    },
    "parts": {
        **ONE,
        "/redfish/v1/Chassis/1": {**CHASSIS, **POWER_LINK},
        "/redfish/v1/Chassis/1/Power": power(control("Server", 590), control("CPU", 210), control("Memory", 40)),
    },
    "many": {
        "/redfish/v1/Chassis": members(1, 2),
        "/redfish/v1/Chassis/1": {**CHASSIS, **ENVIRONMENT_LINK},
        "/redfish/v1/Chassis/2": {"Power": {"@odata.id": "/redfish/v1/Chassis/2/Power"}},
        "/redfish/v1/Chassis/1/EnvironmentMetrics": ENVIRONMENT,
        "/redfish/v1/Chassis/2/Power": power(control("Sled", 100)),
    },
    # a second chassis without a reading of its own is none to choose from
    "empty-second": {
        "/redfish/v1/Chassis": members(1, 2),
        "/redfish/v1/Chassis/1": {**CHASSIS, **ENVIRONMENT_LINK},
        "/redfish/v1/Chassis/2": {"Power": {"@odata.id": "/redfish/v1/Chassis/2/Power"}},
        "/redfish/v1/Chassis/1/EnvironmentMetrics": ENVIRONMENT,
        "/redfish/v1/Chassis/2/Power": power(control("Bay", None), control("Fans", 0)),
    },
    "uncapped": {
        **ONE,
        "/redfish/v1/Chassis/1": {**CHASSIS, **ENVIRONMENT_LINK},
        "/redfish/v1/Chassis/1/EnvironmentMetrics": {
            "PowerWatts": {"Reading": 300},
            "PowerLimitWatts": {"SetPoint": 100, "ControlMode": "Disabled"},
        },
    },
    "null": {
        **ONE,
        "/redfish/v1/Chassis/1": {**CHASSIS, **ENVIRONMENT_LINK},
        "/redfish/v1/Chassis/1/EnvironmentMetrics": {"PowerWatts": {"Reading": None}},
    },
    "elsewhere": {"/redfish/v1/Chassis": {"Members": [{"@odata.id": "https://example.invalid/redfish/v1/Chassis/1"}]}},
}


def answer(scenario, path):
    """Status, headers and body."""
    if scenario == "slow":
        time.sleep(SLOW_S)
    if scenario == "garbage":
        return 200, {}, b"<html>please log in</html>"
    if scenario == "list":
        return 200, {}, b"[1, 2]"
    if scenario == "huge":
        return 200, {}, b'{"x": "' + (1 << 21) * b"a" + b'"}'
    if scenario == "broken":
        return 503, {}, b"{}"
    if scenario == "moved":
        if not path.endswith("/"):
            return 308, {"Location": path + "/"}, b""
        scenario, path = "new", path[:-1]
    found = SCENARIOS[scenario].get(path)
    return (404, {}, b"{}") if found is None else (200, {}, json.dumps(found).encode())


class Bmc(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        with open(os.path.join(self.server.folder, "scenario"), encoding="ascii") as f:
            scenario = f.read().strip()
        right = self.headers.get("Authorization") == RIGHT
        with open(os.path.join(self.server.folder, "requests"), "a", encoding="ascii") as f:
            f.write(f"{self.path} {'right' if right else 'wrong'}\n")
        status, headers, body = answer(scenario, self.path) if right else (401, {}, b"{}")
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A client that does not trust the certificate, or goes away, is a part of the tests."""


def main():
    folder = sys.argv[1]
    key, cert = os.path.join(folder, "key.pem"), os.path.join(folder, "cert.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", cert],
        check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    server = Server(("127.0.0.1", 0), Bmc)
    server.folder = folder
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    print(server.server_address[1], flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


main()
