"""Linear assignments by scipy.optimize.linear_sum_assignment, written to test/golden/assignment.json."""

import json

import numpy as np
from scipy.optimize import linear_sum_assignment

rng = np.random.default_rng(7)
cases = []
for rows, columns in [(1, 1), (4, 4), (3, 7), (7, 3), (20, 20), (30, 12), (12, 30), (40, 40)]:
    cost = np.round(rng.normal(size=(rows, columns)) * 10, 2).astype(np.float32).astype(np.float64)
    i, j = linear_sum_assignment(cost)
    column = np.full(rows, -1)
    column[i] = j
    cases.append(
        {
            "rows": rows,
            "columns": columns,
            "cost": cost.reshape(-1).tolist(),
            "column": column.tolist(),
            "total": float(cost[i, j].sum()),
        }
    )
with open("test/golden/assignment.json", "w") as file:
    json.dump(cases, file, separators=(",", ":"))
    file.write("\n")
