"""Have a running Apache Superset draw a chart from a mart in PostgreSQL, by its API.

docs/how-to/connect-bi-tools.md says what it needs.

    python benchmarks/superset_chart.py http://127.0.0.1:8088 USER PASSWORD SQLALCHEMY_URI
"""

import json
import sys
import urllib.error
import urllib.request
from typing import Any

CHART = "echarts_timeseries_line"
COLUMNS = ("period_end", "value")
FILTERS = {"measure": "incidents_drugs", "category": "all", "area_type": "force", "period_type": "month"}


class Superset:
    """Superset's API, logged in."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self.url, self.token = url.rstrip("/"), ""
        login = {"username": user, "password": password, "provider": "db", "refresh": True}
        self.token = self.call("POST", "security/login", login)["access_token"]

    def call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """One call's answer. Raises HTTPError, with Superset's words printed."""
        request = urllib.request.Request(  # noqa: S310  (the address is the caller's)
            f"{self.url}/api/v1/{path}", json.dumps(body).encode() if body is not None else None, method=method,
            # A request without a body must not declare a content type.
            headers={"Authorization": f"Bearer {self.token}"} | ({"Content-Type": "application/json"} if body else {}),
        )  # fmt: skip
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError as error:
            print(f"{method} {path}: {error.code}: {error.read().decode(errors='replace')[:600]}", file=sys.stderr)
            raise


def main(url: str, user: str, password: str, uri: str) -> None:
    """Make a connection, a dataset and a chart, and print what the chart draws."""
    superset = Superset(url, user, password)
    database = superset.call("POST", "database/", {"database_name": "PAM Warehouse", "sqlalchemy_uri": uri})["id"]
    dataset = superset.call(
        "POST", "dataset/", {"database": database, "schema": "marts", "table_name": "mart_incidents"}
    )["id"]  # fmt: skip
    columns = superset.call("GET", f"dataset/{dataset}")["result"]["columns"]
    print("dataset:", len(columns), "columns;", {c["column_name"]: c["type"] for c in columns if c["column_name"] in COLUMNS})
    source = {"id": dataset, "type": "table"}
    total = {"expressionType": "SIMPLE", "column": {"column_name": "value"}, "aggregate": "SUM", "label": "Drug incidents"}
    query = {
        "columns": [{"columnType": "BASE_AXIS", "sqlExpression": "period_end", "label": "period_end",
                     "expressionType": "SQL", "timeGrain": "P1M"}],
        "metrics": [total], "row_limit": 1000,
        "filters": [{"col": c, "op": "==", "val": v} for c, v in FILTERS.items()],
    }  # fmt: skip
    context = {"datasource": source, "queries": [query], "result_format": "json", "result_type": "full", "force": True}
    form = {"viz_type": CHART, "x_axis": "period_end", "metrics": [total], "datasource": f"{dataset}__table"}
    chart = superset.call(
        "POST", "chart/",
        {
            "slice_name": "Drug incidents by month", "viz_type": CHART, "datasource_id": dataset,
            "datasource_type": "table", "params": json.dumps(form), "query_context": json.dumps(context),
        },
    )["id"]  # fmt: skip
    answer = superset.call("GET", f"chart/{chart}/data/?force=true")["result"][0]
    print("chart", chart, "draws", answer["rowcount"], "points; status", answer["status"])
    for row in answer["data"][-5:]:
        print("  ", row)
    print("the query that it sent:", " ".join(answer["query"].split()))


if __name__ == "__main__":
    main(*sys.argv[1:])
