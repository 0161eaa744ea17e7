"""Makes Page/data/iris.json and Page/data/digits.json: logits of small models on two real data sets that scikit-learn ships.

    python3 src/LossService/Playground/make_data.py        (Debian: python3-sklearn)

Iris: R. A. Fisher (1936), UCI Machine Learning Repository, doi:10.24432/C56C76, CC BY 4.0.
Digits: E. Alpaydin, C. Kaynak (1998), Optical Recognition of Handwritten Digits, UCI, doi:10.24432/C50P49, CC BY 4.0.
"""

import json
import pathlib

from sklearn.datasets import load_digits, load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

FOLDER = pathlib.Path(__file__).parent / "Page" / "data"


def rounded(rows):
    """Rows of float32's accuracy; more digits would tell nothing."""
    return [[round(float(value), 3) for value in row] for row in rows]


def iris():
    """Sepals alone, so that two of the species are hard to tell apart; each flower is scored by a model that has not seen it."""
    data = load_iris()
    model = make_pipeline(StandardScaler(), LogisticRegression(C=10, max_iter=1000))
    logits = cross_val_predict(model, data.data[:, :2], data.target, cv=10, method="decision_function")
    return {
        "title": "Iris: 150 flowers, species from the sepals alone",
        "source": "R. A. Fisher (1936), UCI Machine Learning Repository, doi:10.24432/C56C76",
        "license": "CC BY 4.0",
        "classes": [str(name) for name in data.target_names],
        "notes": [f"sepal {length} × {width} cm" for length, width in data.data[:, :2]],
        "logits": rounded(logits),
        "labels": data.target.tolist(),
    }


def digits():
    """A model that is trained on 150 pictures with next to no regularisation: often right, and too sure where it is not."""
    data = load_digits()
    model = make_pipeline(StandardScaler(), LogisticRegression(C=100, max_iter=5000)).fit(data.data[:150], data.target[:150])
    shown = slice(1000, 1400)
    return {
        "title": "Digits: 400 handwritten numerals, a model trained on 150",
        "source": "E. Alpaydin, C. Kaynak (1998), Optical Recognition of Handwritten Digits, UCI, doi:10.24432/C50P49",
        "license": "CC BY 4.0",
        "classes": [str(name) for name in data.target_names],
        # 64 grey levels of a picture of 8 by 8, each 0 to 16 as a letter from a to q
        "pictures": ["".join(chr(ord("a") + int(level)) for level in picture) for picture in data.data[shown]],
        "logits": rounded(model.decision_function(data.data[shown])),
        "labels": data.target[shown].tolist(),
    }


def write(name, data_set):
    """Writes a file with a row a line."""
    members = ",\n".join(f'"{key}": {json.dumps(value, ensure_ascii=False, separators=(",", ":"))}' for key, value in data_set.items())
    (FOLDER / f"{name}.json").write_text("{" + members + "}\n", encoding="utf-8")


if __name__ == "__main__":
    write("iris", iris())
    write("digits", digits())
