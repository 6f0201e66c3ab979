"""Single-link failures under per-hop ECMP: npo against numpy/scipy and networkx on the same cases.

Prints failures per CPU-second of each, and compares their loads. See README.md beside this file.
"""

import argparse
import json
import re
import subprocess
import sys
import time

import networkx as nx
import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import shortest_path

TOLERANCE = 1e-9
COMPARED_MAX = 8


class Case:
    """Nodes 0..n, links with both directions, demands (source, destination, bit/s)."""

    def __init__(self, name, nodes, links, demands, capacity=1e11):
        self.name, self.nodes, self.capacity = name, nodes, capacity
        self.links, self.demands = links, demands
        spread = np.linspace(0, len(links) - 1, min(COMPARED_MAX, len(links)))
        self.compared = sorted({int(round(at)) for at in spread})


def even(nodes, bps=1e6):
    return [(a, b, bps) for a in nodes for b in nodes if a != b]


def zoo(data, name):
    graph = nx.read_graphml(f"{data}/topology-zoo-graphml/{name}.graphml", force_multigraph=True)
    number = {node: at for at, node in enumerate(graph.nodes)}
    links = {tuple(sorted((number[a], number[b]))) for a, b, _ in graph.edges if a != b}
    return Case(name, len(number), sorted(links), even(range(len(number))))


def sndlib(data, name):
    text = open(f"{data}/sndlib-native/{name}.txt").read()
    section = lambda word: re.search(rf"^{word} \((.*?)^\)", text, re.S | re.M).group(1)
    nodes = re.findall(r"^  (\S+) \(", section("NODES"), re.M)
    number = {node: at for at, node in enumerate(nodes)}
    links = re.findall(r"^  \S+ \( (\S+) (\S+) \)", section("LINKS"), re.M)
    demands = re.findall(r"^  \S+ \( (\S+) (\S+) \) \S+ (\S+)", section("DEMANDS"), re.M)
    links = [(number[a], number[b]) for a, b in links]
    demands = [(number[a], number[b], float(rate) * 1e6) for a, b, rate in demands]
    return Case(name, len(nodes), links, demands)


def clos(spines, leaves):
    links = [(spines + leaf, spine) for leaf in range(leaves) for spine in range(spines)]
    return Case(f"clos-{len(links)}", spines + leaves, links, even(range(spines, spines + leaves)))


class Networkx:
    """The network without the link, routed anew destination by destination."""

    def __init__(self, case):
        self.case = case
        self.graph = nx.Graph()
        self.graph.add_nodes_from(range(case.nodes))
        self.graph.add_edges_from(case.links)
        self.arc = {}
        for at, (a, b) in enumerate(case.links):
            self.arc[a, b], self.arc[b, a] = 2 * at, 2 * at + 1
        self.to = {}
        for source, dest, bps in case.demands:
            self.to.setdefault(dest, []).append((source, bps))

    def loads(self, failed=None):
        graph = self.graph
        if failed is not None:
            graph = graph.copy()
            graph.remove_edge(*self.case.links[failed])
        loads = [0.0] * (2 * len(self.case.links))
        for dest, demands in self.to.items():
            dist = nx.single_source_shortest_path_length(graph, dest)
            flow = dict.fromkeys(dist, 0.0)
            for source, bps in demands:
                if source in flow:
                    flow[source] += bps
            for node in sorted(dist, key=dist.get, reverse=True):
                if flow[node] == 0.0 or node == dest:
                    continue
                hops = [other for other in graph.neighbors(node) if dist[other] == dist[node] - 1]
                for hop in hops:
                    loads[self.arc[node, hop]] += flow[node] / len(hops)
                    flow[hop] += flow[node] / len(hops)
        return np.array(loads)


class Scipy:
    """All destinations at once, one distance after the other."""

    def __init__(self, case):
        self.nodes = case.nodes
        ends = np.array(case.links)
        self.tail = np.stack([ends[:, 0], ends[:, 1]], axis=1).ravel()
        self.head = np.stack([ends[:, 1], ends[:, 0]], axis=1).ravel()
        self.dests = sorted({dest for _, dest, _ in case.demands})
        column = {dest: at for at, dest in enumerate(self.dests)}
        self.demand = np.zeros((case.nodes, len(self.dests)))
        for source, dest, bps in case.demands:
            self.demand[source, column[dest]] += bps

    def loads(self, failed=None):
        arcs = np.arange(len(self.tail))
        if failed is not None:
            arcs = arcs[arcs // 2 != failed]
        tail, head, count = self.tail[arcs], self.head[arcs], len(arcs)
        ones = np.ones(count)
        graph = csr_matrix((ones, (tail, head)), shape=(self.nodes, self.nodes))
        dist = shortest_path(graph, unweighted=True, indices=self.dests).T
        out = csr_matrix((ones, (tail, np.arange(count))), shape=(self.nodes, count))
        into = csr_matrix((ones, (head, np.arange(count))), shape=(self.nodes, count))
        away = dist[tail]
        tight = away == dist[head] + 1
        hops = np.maximum(out @ tight, 1)
        flow = np.where(np.isfinite(dist), self.demand, 0.0)
        loads = np.zeros(len(self.tail))
        for at in range(int(dist[np.isfinite(dist)].max()), 0, -1):
            sent = np.where(tight & (away == at), (flow / hops)[tail], 0.0)
            loads[arcs] += sent.sum(axis=1)
            flow += into @ sent
        return loads


def measure(contender, case, seconds):
    """Failures per CPU-second: as many as fit, evenly spread over the links, at least one."""
    order = np.random.default_rng(1).permutation(len(case.links))
    started, done = time.process_time(), 0
    while done == 0 or time.process_time() - started < seconds:
        contender.loads(int(order[done % len(order)]))
        done += 1
    return done / (time.process_time() - started), done


def npo(binary, case, seconds):
    question = {
        "nodes": case.nodes,
        "links": [(a, b, case.capacity) for a, b in case.links],
        "demands": case.demands,
        "compare": case.compared,
        "seconds": seconds,
    }
    answer = subprocess.run([binary], input=json.dumps(question), capture_output=True, text=True)
    if answer.returncode != 0:
        raise SystemExit(f"{binary}: {answer.stderr}")
    return json.loads(answer.stdout)


def difference(one, other):
    """The largest difference, as a share of the larger; what is under 1e-12 of the busiest is nothing."""
    scale = np.maximum(np.maximum(np.abs(one), np.abs(other)), 1e-3 * np.abs(one).max())
    return float((np.abs(one - other) / scale).max())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="../shared/data/topologies", help="folder of topologies")
    parser.add_argument("--binary", default="target/release/examples/sweep_case")
    parser.add_argument("--case", action="append", help="case to run [default: all]")
    parser.add_argument("--skip", action="append", default=[], help="contender to leave out")
    parser.add_argument("--seconds", type=float, default=2.0, help="least time of a measurement")
    options = parser.parse_args()
    cases = {
        "geant2009": lambda: zoo(options.data, "Geant2009"),
        "germany50": lambda: sndlib(options.data, "germany50"),
        "colt": lambda: zoo(options.data, "Colt"),
        "clos-1024": lambda: clos(16, 64),
        "clos-10240": lambda: clos(32, 320),
    }
    heads = ["links", "networkx/s", "scipy/s", "npo/s", "×networkx", "×scipy", "one, ms", "difference", "MB"]
    print(f"{'case':12}" + "".join(f"{head:>12}" for head in heads))
    worst = 0.0
    for name in options.case or cases:
        case = cases[name]()
        ours = npo(options.binary, case, options.seconds)
        speed = ours["sweeps"] * len(case.links) / ours["sweep_s"]
        loads = [ours["intact"], *ours["failed"]]
        rates, apart = {}, 0.0
        for label, make in [("networkx", Networkx), ("scipy", Scipy)]:
            if label in options.skip:
                continue
            contender = make(case)
            rates[label], done = measure(contender, case, options.seconds)
            # What takes a minute each is compared once.
            failures = [None, *case.compared][: len(loads) if rates[label] > 0.2 else 1]
            for found, failed in zip(loads, failures):
                apart = max(apart, difference(np.array(found), contender.loads(failed)))
        worst = max(worst, apart)
        cells = [f"{len(case.links)}"]
        for label in ["networkx", "scipy"]:
            cells.append(f"{rates[label]:.3g}" if label in rates else "–")
        cells.append(f"{speed:.4g}")
        for label in ["networkx", "scipy"]:
            cells.append(f"{speed / rates[label]:.0f}" if label in rates else "–")
        one_ms = f"{ours['what_if_s'] * 1e3:.2g}+{ours['baseline_s'] * 1e3:.2g}"
        cells += [one_ms, f"{apart:.1e}", f"{ours['memory_bytes'] / 1e6:.3g}"]
        print(f"{name:12}" + "".join(f"{cell:>12}" for cell in cells), flush=True)
    if worst > TOLERANCE:
        print(f"loads differ by {worst:.1e}, expected at most {TOLERANCE:.0e}")
        sys.exit(1)


if __name__ == "__main__":
    main()
