"""Tunes the published loop over the seven regimes of METHODS and prints the best settings.

    python3 benches/tuning/run.py target/release/npo

Settings are drawn at random in two rounds: widely, then around what did best in the first. Each runs
on three seeds of its own, and the mean regret over the regimes decides; then, for each regime, what
was best there alone.
"""

import argparse
import collections
import json
import pathlib
import random
import subprocess
import tempfile

REGIMES = ["A_paper", "B_sparse", "C_drift", "D_adv20", "D_adv10", "E_delay", "F_budget"]
FIRST_SEED, SEEDS = 100_001, 3

WIDE = {
    "rate": [0.02, 0.05, 0.1, 0.2, 0.3],
    "fixed_share": 0.5,
    "theta": [0.5, 0.55, 0.6, 0.65, 0.7, 0.75],
    "arms": [[0.5, 0.6, 0.7, 0.8, 0.9], [0.5, 0.55, 0.6, 0.65, 0.7], [0.6, 0.65, 0.7, 0.75, 0.8], [0.5, 0.6, 0.7]],
    "discount": [0.95, 0.99, 0.999],
    "periodic_share": 0.25,
    "period": [25, 50, 100, 200],
    "tolerance": [0.05, 0.1, 0.15, 0.2, 0.3],
    "cooldown": [20, 50, 100],
    "age_weight": [0.99, 0.998, 0.9995],
    "precision": [0.3, 1, 3, 10],
    "pseudo_count": [1, 2, 5, 10, 30, 100],
}
NEAR = {
    "rate": [0.03, 0.05, 0.07, 0.1],
    "fixed_share": 0.8,
    "theta": [0.6, 0.62, 0.64, 0.66],
    "arms": [[0.5, 0.6, 0.7], [0.55, 0.6, 0.65, 0.7]],
    "discount": [0.99, 0.999],
    "periodic_share": None,
    "tolerance": [0.15, 0.2, 0.25],
    "cooldown": [20, 50, 100],
    "age_weight": [0.995, 0.998, 0.9995],
    "precision": [0.3, 1],
    "pseudo_count": [1, 2, 5, 10, 30],
}


def profile(ranges, chance):
    """One profile as TOML, drawn from `ranges`."""

    def one(name):
        return chance.choice(ranges[name])

    rate = one("rate")
    if chance.random() < ranges["fixed_share"]:
        selector = f"{{ fixed = {{ theta = {one('theta')} }} }}"
    else:
        selector = f"{{ thompson = {{ arms = {one('arms')}, discount = {one('discount')} }} }}"
    if ranges["periodic_share"] is not None and chance.random() < ranges["periodic_share"]:
        monitor = f"{{ periodic = {{ period = {one('period')} }} }}"
    else:
        looks = f"tolerance = {one('tolerance')}, every = 10, cooldown = {one('cooldown')}"
        monitor = f"{{ window = {{ window = 30, at_least = 15, {looks} }} }}"
    fit = f"age_weight = {one('age_weight')}, precision = {one('precision')}, pseudo_count = {one('pseudo_count')}"
    scorer = f"{{ moving-average = {{ rate = {rate} }} }}"
    return f"{{ scorer = {scorer}, selector = {selector}, monitor = {monitor}, retrain = {{ {fit} }} }}"


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("npo", help="the binary")
    arguments.add_argument("--wide", type=int, default=160, help="settings of the first round")
    arguments.add_argument("--near", type=int, default=140, help="settings of the second round")
    asked = arguments.parse_args()
    methods = {"as-published": "{}"}
    for name, ranges, count, seed in [("wide", WIDE, asked.wide, 7), ("near", NEAR, asked.near, 8)]:
        chance = random.Random(seed)
        methods |= {f"{name}-{i:03}": profile(ranges, chance) for i in range(count)}
    lines = ['name = "tuning"', 'include = ["regimes"]', f"seeds = {{ count = {SEEDS}, first = {FIRST_SEED} }}"]
    lines += [f'[worlds.{regime}]\nbase = "{regime}"' for regime in REGIMES]
    lines += [f'[methods.{name}]\nbase = "paper"\nprofile = {text}' for name, text in methods.items()]
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "tuning.toml"
        file.write_text("\n".join(lines))
        results = pathlib.Path(folder) / "results"
        subprocess.run([asked.npo, "lab", "run", file, "--out", results], check=True, stdout=subprocess.DEVNULL)
        regret = collections.defaultdict(lambda: collections.defaultdict(list))
        for line in (results / "runs.jsonl").read_text().splitlines():
            run = json.loads(line)
            regret[run["method"]][run["world"]].append(run["metrics"]["regret"])
    means = {method: [sum(of[r]) / len(of[r]) for r in REGIMES] for method, of in regret.items()}
    overall = {method: sum(of) / len(of) for method, of in means.items()}
    print("method        mean  " + "  ".join(f"{regime:>8}" for regime in REGIMES))
    for method in [*sorted(overall, key=overall.get)[:5], "as-published"]:
        print(f"{method:12} {overall[method]:5.1f}  " + "  ".join(f"{mean:8.1f}" for mean in means[method]))
    print("best there:        " + "  ".join(f"{min(of):8.1f}" for of in zip(*means.values())))
    best = min(overall, key=overall.get)
    print(f"{best}: {methods[best]}")


if __name__ == "__main__":
    main()
