"""What a long log costs whoever looks: /metrics, /v1/monitor/divergence and /v1/alignment over HTTP.

Starts the given npo over a fresh directory, proposes a million times in batches, answers a part of
the latest, and times the requests. Standard library only; see README.md beside this file.
"""

import argparse
import hashlib
import http.client
import json
import re
import statistics
import subprocess
import tempfile
import threading
import time
from pathlib import Path

LINES = 2000
THREADS = 2
ANSWER_THREADS = 8


def proposal(i):
    vary = lambda modulus, step: (i * 7919 % modulus) * step
    entity = f"leaf{i % 500 // 10}:HundredGigE0/0/0/{i % 10}"
    fact = lambda name, value: {"name": name, "value": value, "unit": "1", "source": "cabling"}
    return {
        "scenario_type": "link-flapping",
        "entity": entity,
        "site": f"site{i % 20}",
        "action": {"name": "dampen-link", "target": entity},
        "features": {
            "changes": 6 + vary(11, 1),
            "changes_per_min": 2 + vary(31, 0.2),
            "utilisation": vary(89, 0.01),
            "redundancy_left": 1 + i % 7,
            "traffic_share": vary(97, 0.005),
        },
        "facts": [
            fact("redundancy_left", 1 + i % 7),
            fact("blast_radius_gbps", vary(97, 0.05)),
            fact("blast_radius_share", vary(89, 0.001)),
            fact("peer", f"spine{i % 16}"),
        ],
        "evidence": ["12 state changes in the last 10 minutes"],
    }


class Npo:
    def __init__(self, binary, data):
        self.child = subprocess.Popen(
            [binary, "serve", "--listen", "127.0.0.1:0", "--data", data],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )
        self.token = None
        lines = iter(self.child.stderr.readline, "")
        found = next(m for m in (re.search(r"http://([\d.]+:\d+)(/setup#(\S+))?", line) for line in lines) if m)
        self.address = found[1]
        code = found[3]
        while code is None:
            found = re.search(r"/setup#(\S+)", next(lines))
            code = found and found[1]
        threading.Thread(target=lambda: [None for _ in lines], daemon=True).start()
        issued = self.post("/v1/setup", {"code": code, "handle": "bench", "name": "Bench"})
        self.token = issued["secret"]

    def connection(self):
        return http.client.HTTPConnection(self.address, timeout=600)

    def ask(self, method, path, body=None, media="application/json", connection=None):
        headers = {"content-type": media} if body is not None else {}
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        connection = connection or self.connection()
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        text = response.read()
        if response.status >= 300:
            raise SystemExit(f"{method} {path}: {response.status} {text[:300]}")
        return text

    def post(self, path, body, connection=None):
        return json.loads(self.ask("POST", path, json.dumps(body), connection=connection))

    def resident_mb(self):
        status = Path(f"/proc/{self.child.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) // 1024

    def cpu_s(self):
        fields = Path(f"/proc/{self.child.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / 100


def propose(npo, count):
    """Proposes in batches; gives the ids of what was surfaced, ascending."""
    starts, surfaced, lock = list(range(0, count, LINES)), [], threading.Lock()

    def work():
        connection = npo.connection()
        while True:
            with lock:
                if not starts:
                    return
                start = starts.pop(0)
            lines = "".join(json.dumps(proposal(i)) + "\n" for i in range(start, min(start + LINES, count)))
            text = npo.ask("POST", "/v1/decisions/batch", lines, "application/x-ndjson", connection)
            ids = [m.decode() for m in re.findall(rb'"id":"(d\d+)"[^\n]*"disposition":"surfaced"', text)]
            with lock:
                surfaced.extend(ids)

    run(work, THREADS)
    return sorted(surfaced, key=lambda id: int(id[1:]))


def answer(npo, ids):
    """Answers, one in five with an override, more often at one site."""
    ids, lock = list(ids), threading.Lock()

    def work():
        connection = npo.connection()
        while True:
            with lock:
                if not ids:
                    return
                id = ids.pop()
            draw = hashlib.sha256(id.encode()).digest()[0] / 256
            override = draw < (0.6 if int(id[1:]) % 20 == 7 else 0.2)
            body = {"signal": "override" if override else "like"}
            npo.post(f"/v1/decisions/{id}/feedback", body, connection)

    run(work, ANSWER_THREADS)


def run(work, count):
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def timed(npo, what, path, times):
    took, cpu = [], npo.cpu_s()
    for _ in range(times):
        start = time.perf_counter()
        text = npo.ask("GET", path)
        took.append(time.perf_counter() - start)
    cpu = (npo.cpu_s() - cpu) / times
    print(f"{what:44} {1e3 * took[0]:9.1f} {1e3 * statistics.median(took):9.1f} {1e3 * max(took):9.1f} "
          f"{1e3 * cpu:8.0f} {len(text):9}")
    return text


def settle(npo):
    while True:
        page = npo.ask("GET", "/metrics").decode()
        if re.search(r"^npo_views_lag_events 0", page, re.M):
            return page
        time.sleep(0.5)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--npo", default="target/release/npo")
    parser.add_argument("--decisions", type=int, default=1_000_000)
    parser.add_argument("--answers", type=int, default=60_000)
    parser.add_argument("--spread", action="store_true", help="answer all over the log, not its end")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as data:
        npo = Npo(args.npo, data)
        try:
            measure(npo, args)
        finally:
            npo.child.kill()
            npo.child.wait()


def measure(npo, args):
    start = time.perf_counter()
    print(f"{'':44} {'first ms':>9} {'median':>9} {'max':>9} {'CPU ms':>8} {'bytes':>9}")
    timed(npo, "/metrics, empty log", "/metrics", 20)
    surfaced = propose(npo, args.decisions)
    print(f"# {args.decisions} decisions, {len(surfaced)} surfaced, {time.perf_counter() - start:.0f} s")
    start = time.perf_counter()
    if args.spread:
        answer(npo, surfaced[::max(1, len(surfaced) // args.answers)])
    else:
        answer(npo, surfaced[-args.answers:])
    settle(npo)
    print(f"# {min(args.answers, len(surfaced))} answers, {time.perf_counter() - start:.0f} s, "
          f"{npo.resident_mb()} MB resident")
    timed(npo, "/metrics", "/metrics", 20)
    text = timed(npo, "/v1/monitor/divergence, made anew", "/v1/monitor/divergence", 1)
    report = json.loads(text)
    print(f"# {report['rows']} rows, {len(report['findings'])} findings, "
          f"events {report['from_position']} to {report['until_position']}")
    timed(npo, "/v1/monitor/divergence, kept", "/v1/monitor/divergence", 20)
    timed(npo, "/v1/alignment", "/v1/alignment", 20)
    timed(npo, "/v1/monitor", "/v1/monitor", 20)
    print("# proposing while somebody asks for the divergence anew:")
    time.sleep(61)
    waits = []
    report = threading.Thread(target=lambda: npo.ask("GET", "/v1/monitor/divergence"))
    report.start()
    connection = npo.connection()
    while report.is_alive():
        begin = time.perf_counter()
        npo.post("/v1/decisions", proposal(args.decisions + len(waits)), connection)
        waits.append(time.perf_counter() - begin)
    waits.sort()
    print(f"# {len(waits)} proposals, median {1e3 * statistics.median(waits):.1f} ms, "
          f"99 % {1e3 * waits[int(0.99 * (len(waits) - 1))]:.1f} ms, longest {1e3 * waits[-1]:.1f} ms")
    print(f"# {npo.resident_mb()} MB resident")


main()
