"""Every expression of the Grafana dashboard, against a Prometheus that scrapes a service under load: each must have data.

    python3 dashboard.py http://127.0.0.1:9090
"""

import json
import math
import pathlib
import sys
import urllib.parse
import urllib.request

DASHBOARD = pathlib.Path(__file__).parents[2] / "deploy" / "grafana" / "dashboards" / "loss-service.json"


def ask(prometheus, expression):
    """The values of a query now."""
    query = urllib.parse.urlencode({"query": expression.replace("$__rate_interval", "10s")})
    with urllib.request.urlopen(f"{prometheus}/api/v1/query?{query}") as answer:
        return [float(series["value"][1]) for series in json.load(answer)["data"]["result"]]


def main(prometheus):
    asked, empty = 0, []
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel["targets"]:
            values = ask(prometheus, target["expr"])
            asked += 1
            if not values or any(math.isnan(value) for value in values):
                empty.append(f"{panel['title']}: {target['expr']} gives {values}")
    print("\n".join(empty) or f"all {asked} expressions of the dashboard have data")
    return 1 if empty else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
