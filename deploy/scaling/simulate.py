"""A queue of pods under bursts, scaled as a HorizontalPodAutoscaler does: what its target costs and what it saves.

    /usr/bin/python3 simulate.py autoscaler.svg     needs Debian's python3-matplotlib and python3-numpy; a minute

A pod computes two batches at once on two cores and lets 128 wait, as the service does; the next one is refused (429). Batches come at
random times and go to a random pod, as a Service of Kubernetes sends them. Refused ones do not come again.
"""

import collections
import math
import sys

import matplotlib
import numpy

matplotlib.use("Agg")
import matplotlib.pyplot as plot  # noqa: E402

CORES, WAITING = 2, 128
# seconds of a core for a batch of 1024×1000 logits as JSON with the loss, by measure.py; sizes vary by a factor of two or so
SERVICE, SPREAD = 0.028, 0.5
# of the autoscaler: seconds between its looks, the deviation that it ignores, bounds, how far back it looks before it removes pods
SYNC, TOLERANCE, LEAST, MOST, STABLE = 15, 0.1, 2, 40, 300
IN_FLIGHT = 8
SECONDS, BURST, BURSTS = 1800, 5, ((300, 600), (1000, 1200))


class Pod:
    def __init__(self, ready):
        self.ready = ready
        self.free = [ready] * CORES
        self.starts = collections.deque()
        self.ends = []
        self.busy = collections.Counter()

    def offer(self, now, service):
        """The seconds until a batch is scored; None where it is refused."""
        while self.starts and self.starts[0] <= now:
            self.starts.popleft()
        if len(self.starts) >= WAITING:
            return None
        core = self.free.index(min(self.free))
        start = max(now, self.free[core])
        self.free[core] = end = start + service
        self.starts.append(start)
        self.ends.append(end)
        self.busy[int(start // SYNC)] += service
        return end - now

    def utilization(self, now):
        """The share of its cores in the last two looks' time, as metrics-server has it."""
        last = int(now // SYNC) - 1
        return (self.busy[last] + self.busy[last - 1]) / (2 * SYNC * CORES)

    def in_flight(self, now):
        self.ends = [end for end in self.ends if end > now]
        return len(self.ends)


class Autoscaler:
    def __init__(self, target, cold, by_requests):
        self.target, self.cold, self.by_requests = target, cold, by_requests
        self.pods = [Pod(0) for _ in range(LEAST)]
        self.wished = collections.deque()
        self.removed = 0

    def look(self, now):
        """Adds or removes pods; those that are not ready count as idle."""
        wishes = [self._wish(sum(pod.utilization(now) for pod in self.pods), self.target)]
        if self.by_requests:
            wishes.append(self._wish(sum(pod.in_flight(now) for pod in self.pods), IN_FLIGHT))
        wish = min(MOST, max(LEAST, max(wishes)))
        self.wished.append((now, wish))
        while self.wished[0][0] < now - STABLE:
            self.wished.popleft()
        count = len(self.pods)
        if wish > count:
            self.pods += [Pod(now + self.cold) for _ in range(min(wish, 2 * count) - count)]
        elif (least := max(wish for _, wish in self.wished)) < count and now - self.removed >= 60:
            self.removed = now
            del self.pods[max(least, math.ceil(0.8 * count)):]

    def _wish(self, total, target):
        ratio = total / len(self.pods) / target
        return len(self.pods) if abs(ratio - 1) <= TOLERANCE else math.ceil(total / target)


def rate(now):
    """Batches a second: a base for which two pods are enough, and bursts of five times as much."""
    base = 0.4 * LEAST * CORES / SERVICE
    return base * BURST if any(start <= now < stop for start, stop in BURSTS) else base


def simulate(target, cold, by_requests):
    """The 99th percentile of the seconds, the share that is refused, the mean number of pods, and pods over time."""
    draw = numpy.random.default_rng(1)
    scaler, seconds, refused, looks, now = Autoscaler(target, cold, by_requests), [], 0, [], 0.0
    while now < SECONDS:
        now += draw.exponential(1 / rate(now))
        while len(looks) * SYNC < now:
            scaler.look(len(looks) * SYNC)
            looks.append(len(scaler.pods))
        ready = [pod for pod in scaler.pods if pod.ready <= now]
        took = ready[draw.integers(len(ready))].offer(now, SERVICE * draw.lognormal(-SPREAD**2 / 2, SPREAD))
        if took is None:
            refused += 1
        else:
            seconds.append(took)
    return numpy.percentile(seconds, 99), refused / (refused + len(seconds)), numpy.mean(looks), looks


def main(file):
    targets = [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
    figure, ((refusals, latency), (cost, course)) = plot.subplots(2, 2, figsize=(11, 7), constrained_layout=True)
    print("| metric | seconds to ready | target | refused | p99 s | pods in the mean |\n|---|---:|---:|---:|---:|---:|")
    for by_requests, style in ((False, "-"), (True, "--")):
        for cold, color in ((5, "tab:green"), (30, "tab:orange"), (90, "tab:red")):
            results = [simulate(target, cold, by_requests) for target in targets]
            metric = f"cpu and {IN_FLIGHT} in flight" if by_requests else "cpu"
            for target, (p99, refused, pods, _) in zip(targets, results):
                print(f"| {metric} | {cold} | {target:.0%} | {refused:.2%} | {p99:.2f} | {pods:.1f} |", flush=True)
            label = f"{metric}, {cold} s to ready"
            percent = [100 * target for target in targets]
            refusals.plot(percent, [100 * refused for _, refused, _, _ in results], style, color=color, label=label)
            latency.plot(percent, [p99 for p99, _, _, _ in results], style, color=color)
            cost.plot(percent, [pods for _, _, pods, _ in results], style, color=color)
            if cold == 30:
                for target, shade in ((0.6, "tab:blue"), (0.9, "tab:gray")):
                    looks = results[targets.index(target)][3]
                    course.step([SYNC * look for look in range(len(looks))], looks, style, where="post", color=shade,
                                label=f"target {target:.0%}, {metric}")
    for axes, title, x, y in ((refusals, "Refused batches", "target, % of cpu", "%"),
                              (latency, "Slowest hundredth", "target, % of cpu", "seconds"),
                              (cost, "Cost", "target, % of cpu", "pods in the mean"),
                              (course, "Pods over time, 30 s to ready; shaded: 5 times the load", "seconds", "pods")):
        axes.set(title=title, xlabel=x, ylabel=y, ylim=(0, None))
        axes.grid(alpha=0.3)
    for start, stop in BURSTS:
        course.axvspan(start, stop, color="tab:orange", alpha=0.15)
    refusals.legend(fontsize=8)
    course.legend(fontsize=8)
    figure.savefig(file, metadata={"Date": None})


if __name__ == "__main__":
    main(sys.argv[1])
