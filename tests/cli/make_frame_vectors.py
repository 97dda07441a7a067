"""Writes the vectors of frame_test.py into tests/cli/frame/: small models that XGBoost and
LightGBM trained on a DataFrame with categories, events, and the frameworks' own scores.

    scripts/python tests tests/cli/make_frame_vectors.py
"""

import json
import pathlib

import lightgbm
import numpy as np
import pandas
import xgboost

HERE = pathlib.Path(__file__).parent / "frame"
# In this order, which is nobody's. XGBoost 3.2 keeps names beyond ASCII wrong: it counts
# their characters where it means bytes.
COUNTRIES = {"xgboost": ["NO", "DE", "AX", "FR"],
             "lightgbm": ["NO", "DE", "Åland", "FR"]}
MERCHANTS = [5411, 4111, -1, 5732]
N_ROWS = 200


def draw(countries):
    rng = np.random.default_rng(7)
    rows = {"amount": rng.gamma(2, 100, N_ROWS).round(2).tolist(),
            "country": rng.choice(countries, N_ROWS).tolist(),
            "merchant": rng.choice(MERCHANTS, N_ROWS).tolist()}
    for name, column in rows.items():
        for i in np.flatnonzero(rng.random(N_ROWS) < 0.1):
            column[i] = None
    return rows


def frame_of(rows, countries):
    return pandas.DataFrame({
        "amount": np.array(rows["amount"], np.float64),
        "country": pandas.Categorical(rows["country"], countries),
        "merchant": pandas.Categorical(rows["merchant"], MERCHANTS)})


def with_xgboost(frame, target):
    data = xgboost.DMatrix(frame, target, enable_categorical=True)
    booster = xgboost.train(
        {"objective": "binary:logistic", "max_depth": 3, "nthread": 1, "seed": 1}, data, 8)
    booster.save_model(HERE / "xgboost.json")
    booster.save_model(HERE / "xgboost.ubj")
    return booster.predict(data)


def with_lightgbm(frame, target):
    model = lightgbm.train(
        {"objective": "binary", "num_leaves": 7, "min_data_in_leaf": 5, "verbose": -1,
         "seed": 1, "num_threads": 1, "min_data_per_group": 5, "cat_smooth": 1},
        lightgbm.Dataset(frame, target), 8)
    model.save_model(HERE / "lightgbm.txt")
    return model.predict(frame)


def main():
    for train in (with_xgboost, with_lightgbm):
        name = train.__name__.split("_")[1]
        rows = draw(COUNTRIES[name])
        frame = frame_of(rows, COUNTRIES[name])
        target = (frame.country.isin(COUNTRIES[name][1:3])
                  ^ frame.merchant.isin([4111, -1]) ^ (frame.amount > 150)).astype(int)
        scores = train(frame, target)
        events = [dict(zip(rows, values)) for values in zip(*rows.values())]
        with open(HERE / f"{name}.expected.json", "w") as out:
            json.dump({"events": events, "scores": scores.tolist()}, out,
                      separators=(",", ":"))
            out.write("\n")


main()
