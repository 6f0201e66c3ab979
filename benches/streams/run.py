"""Vowpal Wabbit and river on a labelled CSV, one pass, predict then learn.

Prints accuracy, log loss, AUC and rows per second of each model, beside the base rate and the last
label, as `npo lab stream FILE` does for its scorer. Every model runs in one configuration for all
files; features are standardised online, before the row's label is seen.
"""

import argparse
import csv
import gzip
import math
import time

PROBABILITY_MIN = 1e-6


def read(path, label, ignore, rows_max):
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rt", newline="") as file:
        reader = csv.reader(file)
        header = next(reader)
        label = label or header[-1]
        for name in [label, *ignore]:
            if name not in header:
                raise SystemExit(f"found no column `{name}`, expected one of {header}")
        inputs = [ix for ix, name in enumerate(header) if name != label and name not in ignore]
        label_ix = header.index(label)
        xs, labels = [], []
        for row in reader:
            xs.append([float(row[ix]) for ix in inputs])
            labels.append(row[label_ix])
            if len(labels) == rows_max:
                break
    counts = sorted(set(labels), key=lambda value: (labels.count(value), value))
    if len(counts) == 2:
        one = max(counts, key=lambda value: (float(value) if value.replace(".", "").isdigit() else 0, value))
    else:
        one = counts[-1]
    return [header[ix] for ix in inputs], xs, [value == one for value in labels]


class Standardise:
    """Running mean and variance, applied before they are updated."""

    def __init__(self, inputs):
        self.n, self.mean, self.m2 = 0, [0.0] * inputs, [0.0] * inputs

    def __call__(self, x):
        scaled = []
        for ix, value in enumerate(x):
            variance = self.m2[ix] / max(self.n, 1)
            z = (value - self.mean[ix]) / math.sqrt(variance) if variance > 1e-12 else 0.0
            scaled.append(min(5.0, max(-5.0, z)))
        self.n += 1
        for ix, value in enumerate(x):
            before = value - self.mean[ix]
            self.mean[ix] += before / self.n
            self.m2[ix] += before * (value - self.mean[ix])
        return scaled


class BaseRate:
    def __init__(self):
        self.n, self.ones = 0, 0

    def predict(self, x):
        return (self.ones + 1) / (self.n + 2)

    def learn(self, x, y):
        self.n += 1
        self.ones += y


class LastLabel:
    def __init__(self):
        self.pairs, self.repeats, self.last = 0, 0, None

    def predict(self, x):
        again = (self.repeats + 1) / (self.pairs + 2)
        return 0.5 if self.last is None else again if self.last else 1 - again

    def learn(self, x, y):
        if self.last is not None:
            self.pairs += 1
            self.repeats += y == self.last
        self.last = y


class River:
    """A river classifier over named features."""

    def __init__(self, model, names):
        self.model, self.names = model, names

    def predict(self, x):
        return self.model.predict_proba_one(dict(zip(self.names, x))).get(True, 0.5)

    def learn(self, x, y):
        self.model.learn_one(dict(zip(self.names, x)), bool(y))


class Vowpal:
    def __init__(self, arguments):
        from vowpalwabbit import Workspace

        self.vw = Workspace(f"--quiet --loss_function logistic --link logistic {arguments}")

    def text(self, x):
        return "| " + " ".join(f"{ix}:{value:.6f}" for ix, value in enumerate(x))

    def predict(self, x):
        return self.vw.predict(self.text(x))

    def learn(self, x, y):
        self.vw.learn(f"{1 if y else -1} {self.text(x)}")


def models(names):
    from river import forest, linear_model, optim

    return {
        "base rate": BaseRate,
        "last label": LastLabel,
        "river, logistic regression .1": lambda: River(
            linear_model.LogisticRegression(optim.SGD(0.1)), names
        ),
        "river, adaptive random forest": lambda: River(forest.ARFClassifier(seed=1), names),
        "vowpal wabbit": lambda: Vowpal(""),
        "vowpal wabbit --ftrl": lambda: Vowpal("--ftrl"),
    }


def auc(predictions, labels):
    order = sorted(range(len(labels)), key=predictions.__getitem__)
    below, won, ones, start = 0, 0.0, 0, 0
    while start < len(order):
        end = start
        while end < len(order) and predictions[order[end]] == predictions[order[start]]:
            end += 1
        tied_ones = sum(labels[ix] for ix in order[start:end])
        tied_zeros = end - start - tied_ones
        won += tied_ones * (below + tied_zeros / 2)
        below += tied_zeros
        ones += tied_ones
        start = end
    return won / max(ones * below, 1)


def run(model, names, xs, labels):
    scale, predictions = Standardise(len(names)), []
    started = time.perf_counter()
    for x, y in zip(xs, labels):
        z = scale(x)
        p = min(1 - PROBABILITY_MIN, max(PROBABILITY_MIN, model.predict(z)))
        predictions.append(p)
        model.learn(z, y)
    seconds = time.perf_counter() - started
    n = len(labels)
    loss = -sum(math.log(p if y else 1 - p) for p, y in zip(predictions, labels)) / n
    accuracy = sum((p > 0.5) == y for p, y in zip(predictions, labels)) / n
    return accuracy, loss, auc(predictions, labels), n / seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", help="CSV with a header, plain or .gz, rows in order of time")
    parser.add_argument("--label", help="column of the label [default: the last one]")
    parser.add_argument("--ignore", action="append", default=[], help="column to leave out")
    parser.add_argument("--rows", type=int, default=0, help="read so many rows [default: all]")
    parser.add_argument("--skip", action="append", default=[], help="model to leave out")
    options = parser.parse_args()
    names, xs, labels = read(options.file, options.label, options.ignore, options.rows)
    print(f"{len(labels)} rows, {len(names)} inputs")
    print(f"{'model':32} {'accuracy':>9} {'log loss':>9} {'AUC':>7} {'rows/s':>9}")
    for name, make in models(names).items():
        if name in options.skip:
            continue
        accuracy, loss, area, speed = run(make(), names, xs, labels)
        print(f"{name:32} {accuracy:9.3f} {loss:9.3f} {area:7.3f} {speed:9.0f}", flush=True)


if __name__ == "__main__":
    main()
