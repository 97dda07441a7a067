"""The models of tests/conformance/sklearn: what scikit-learn, XGBoost and LightGBM train on
tables and skl2onnx or onnxmltools export. Each is (name, make), where make() returns the
ONNX model and its inputs, by name."""

import numpy as np
from onnxmltools.convert.lightgbm.operator_converters.LightGbm import convert_lightgbm
from onnxmltools.convert.xgboost.operator_converters.XGBoost import convert_xgboost
from skl2onnx import to_onnx, update_registered_converter
from skl2onnx.common.data_types import (DoubleTensorType, FloatTensorType,
                                        Int64TensorType, StringTensorType)
from skl2onnx.common.shape_calculator import (
    calculate_linear_classifier_output_shapes, calculate_linear_regressor_output_shapes)
from sklearn import (calibration, cluster, compose, decomposition, ensemble,
                     feature_selection, gaussian_process, impute, linear_model,
                     naive_bayes, neighbors, neural_network, pipeline, preprocessing, svm,
                     tree)
import lightgbm
import xgboost

N_TRAIN, N_FEATURES = 800, 12
OPSET = {"": 17, "ai.onnx.ml": 3}


def register():
    """The converters of other frameworks' estimators inside scikit-learn's pipelines."""
    for cls, convert, is_classifier in (
            (xgboost.XGBClassifier, convert_xgboost, True),
            (xgboost.XGBRegressor, convert_xgboost, False),
            (lightgbm.LGBMClassifier, convert_lightgbm, True),
            (lightgbm.LGBMRegressor, convert_lightgbm, False)):
        options = {"nocl": [True, False], "zipmap": [True, False, "columns"]}
        update_registered_converter(
            cls, cls.__module__.split(".")[0] + cls.__name__,
            calculate_linear_classifier_output_shapes if is_classifier
            else calculate_linear_regressor_output_shapes,
            convert, options=options if is_classifier else None)


def numbers(rows, seed=0, missing=0.0):
    """Columns of several scales, some of them whole numbers."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, N_FEATURES)).astype(np.float32)
    x[:, 3] = np.round(x[:, 3] * 3)
    x[:, 5] *= 10
    if missing:
        x[rng.random(x.shape) < missing] = np.nan
    return x


def signal(x):
    z = np.nan_to_num(x)
    return z[:, 0] + np.sin(z[:, 1] * 2) + 0.05 * z[:, 5] * z[:, 2] + 0.3 * z[:, 3]


def targets(x, classes):
    """Regression where classes is 0; else labels, strings when it is negative."""
    noisy = signal(x) + np.random.default_rng(1).normal(scale=0.3, size=len(x))
    if not classes:
        return noisy
    edges = np.quantile(noisy, np.linspace(0, 1, abs(classes) + 1)[1:-1])
    labels = np.digitize(noisy, edges)
    return np.array(["no", "maybe", "yes", "sure"])[labels] if classes < 0 else labels


def plain(estimator, classes=0, rows=1000, missing=0.0, dtype=np.float32, options=None,
          positive=False, train=N_TRAIN, target=None):
    """A model of one matrix."""
    x = numbers(train, 0, missing)
    if positive:
        x = np.abs(x)
    y = target(x) if target else targets(x, classes)
    estimator.fit(x, y)
    test = numbers(rows, 2, missing)
    if positive:
        test = np.abs(test)
    kind = DoubleTensorType if dtype == np.float64 else FloatTensorType
    if options is None and classes and hasattr(estimator, "predict"):
        options = {"zipmap": False}
    if options:
        options = {id(estimator): options}
    model = to_onnx(estimator, initial_types=[("X", kind([None, N_FEATURES]))],
                    target_opset=OPSET, options=options or None)
    return model, {"X": test.astype(dtype)}


def table(rows, seed):
    """Typed columns: numbers with gaps, whole numbers, strings, some never seen."""
    rng = np.random.default_rng(seed)
    cities = np.array(["Berlin", "Paris", "Oslo", "Graz", "Zürich"] +
                      (["Atlantis"] if seed else []))
    return {
        "amount": np.where(rng.random(rows) < 0.1, np.nan,
                           rng.lognormal(3, 1, rows)).astype(np.float32)[:, None],
        "age": rng.normal(40, 12, rows).astype(np.float32)[:, None],
        "hour": rng.integers(0, 24 + (seed and 3), rows)[:, None],
        "city": rng.choice(cities, rows).astype(object)[:, None],
        "plan": rng.choice(np.array(["free", "pro"]), rows).astype(object)[:, None],
    }


def of_table(estimator, classes, ordinal=False):
    """A pipeline over typed inputs, one for each column."""
    import pandas
    train = table(N_TRAIN, 0)
    frame = pandas.DataFrame({name: column[:, 0] for name, column in train.items()})
    y = np.nan_to_num(frame["amount"]) / 20 + frame["hour"] / 12 + \
        (frame["city"] == "Oslo") * 2 + np.random.default_rng(1).normal(size=len(frame))
    if classes:
        y = np.digitize(y, np.quantile(y, np.linspace(0, 1, classes + 1)[1:-1]))
    encode = preprocessing.OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=-1) if ordinal \
        else preprocessing.OneHotEncoder(handle_unknown="ignore")
    columns = compose.ColumnTransformer([
        ("numbers", pipeline.make_pipeline(impute.SimpleImputer(strategy="median"),
                                           preprocessing.StandardScaler()),
         ["amount", "age"]),
        ("hours", preprocessing.OneHotEncoder(handle_unknown="ignore"), ["hour"]),
        ("words", encode, ["city", "plan"]),
    ])
    model = pipeline.make_pipeline(columns, estimator)
    model.fit(frame, y)
    types = {"amount": FloatTensorType, "age": FloatTensorType, "hour": Int64TensorType,
             "city": StringTensorType, "plan": StringTensorType}
    options = {id(estimator): {"zipmap": False}} if classes else None
    return to_onnx(model, initial_types=[(name, kind([None, 1]))
                                         for name, kind in types.items()],
                   target_opset=OPSET, options=options), table(1000, 5)


def plain_pipeline(steps, classes=0, **more):
    model = pipeline.make_pipeline(*steps)
    return plain(model, classes, options={"zipmap": False} if classes else None, **more)


def machine(estimator, classes=0):
    """A support vector machine with few vectors: ONNX Runtime sums them in float32, which is
    1e-4 away from scikit-learn's own result where there are many."""
    return plain_pipeline([preprocessing.StandardScaler(), estimator], classes, train=120)


def boosted(estimator, classes, missing=0.05, target=None):
    return plain(estimator, classes, missing=missing, target=target,
                 options={"zipmap": False} if classes else None)


def models():
    lm, ens, prep = linear_model, ensemble, preprocessing
    few = dict(n_estimators=15, random_state=0)
    counts = lambda x: np.round(np.exp(signal(x) / 3))
    return [
        ("LogisticRegression, two classes", lambda: plain(lm.LogisticRegression(), 2)),
        ("LogisticRegression, strings", lambda: plain(lm.LogisticRegression(), -2)),
        ("LogisticRegression, ZipMap",
         lambda: plain(lm.LogisticRegression(), 3, options={"zipmap": True})),
        ("LogisticRegression, four classes", lambda: plain(lm.LogisticRegression(), -4)),
        ("LogisticRegression, float64",
         lambda: plain(lm.LogisticRegression(), 3, dtype=np.float64)),
        ("SGDClassifier, log loss", lambda: plain(lm.SGDClassifier(loss="log_loss"), 2)),
        ("SGDClassifier, three classes",
         lambda: plain(lm.SGDClassifier(loss="modified_huber"), 3)),
        ("RidgeClassifier", lambda: plain(lm.RidgeClassifier(), 3)),
        ("Perceptron", lambda: plain(lm.Perceptron(), 2)),
        ("LinearRegression", lambda: plain(lm.LinearRegression())),
        ("LinearRegression, two targets",
         lambda: plain(lm.LinearRegression(), target=lambda x: np.stack(
             [signal(x), x[:, 4]], 1))),
        ("Ridge", lambda: plain(lm.Ridge())),
        ("Lasso", lambda: plain(lm.Lasso(0.01))),
        ("ElasticNet", lambda: plain(lm.ElasticNet(0.01))),
        ("SGDRegressor", lambda: plain_pipeline([prep.StandardScaler(), lm.SGDRegressor()])),
        ("HuberRegressor", lambda: plain(lm.HuberRegressor(max_iter=500))),
        ("PoissonRegressor", lambda: plain(lm.PoissonRegressor(), target=counts)),
        ("LinearSVC", lambda: plain(svm.LinearSVC(), 2, options={})),
        ("LinearSVC, three classes", lambda: plain(svm.LinearSVC(), 3, options={})),
        ("LinearSVR", lambda: plain(svm.LinearSVR(max_iter=20000))),
        *[(f"SVC, {kernel}, {classes} classes{', probabilities' * probability}",
           lambda kernel=kernel, classes=classes, probability=probability: machine(
               svm.SVC(kernel=kernel, probability=probability, random_state=0), classes))
          for kernel in ("linear", "poly", "rbf", "sigmoid")
          for classes, probability in ((2, False), (2, True), (4, False), (-4, True))],
        *[(f"SVR, {kernel}", lambda kernel=kernel: machine(svm.SVR(kernel=kernel, C=0.1)))
          for kernel in ("linear", "poly", "rbf", "sigmoid")],
        ("NuSVC", lambda: machine(svm.NuSVC(nu=0.2, probability=True, random_state=0), 3)),
        ("OneClassSVM", lambda: machine(svm.OneClassSVM())),
        ("DecisionTreeClassifier", lambda: plain(tree.DecisionTreeClassifier(), 2)),
        ("DecisionTreeClassifier, strings",
         lambda: plain(tree.DecisionTreeClassifier(max_depth=8), -4)),
        ("DecisionTreeRegressor", lambda: plain(tree.DecisionTreeRegressor())),
        ("DecisionTreeRegressor, two targets",
         lambda: plain(tree.DecisionTreeRegressor(), target=lambda x: np.stack(
             [signal(x), x[:, 4]], 1))),
        ("DecisionTreeRegressor, one leaf",
         lambda: plain(tree.DecisionTreeRegressor(), target=lambda x: np.ones(len(x)))),
        ("RandomForestClassifier", lambda: plain(ens.RandomForestClassifier(**few), 2)),
        ("RandomForestClassifier, strings",
         lambda: plain(ens.RandomForestClassifier(**few), -4)),
        ("RandomForestClassifier, eight classes",
         lambda: plain(ens.RandomForestClassifier(**few), 8)),
        ("RandomForestRegressor", lambda: plain(ens.RandomForestRegressor(**few))),
        ("ExtraTreesClassifier", lambda: plain(ens.ExtraTreesClassifier(**few), 3)),
        ("ExtraTreesRegressor", lambda: plain(ens.ExtraTreesRegressor(**few))),
        ("GradientBoostingClassifier",
         lambda: plain(ens.GradientBoostingClassifier(**few), 2)),
        ("GradientBoostingClassifier, three classes",
         lambda: plain(ens.GradientBoostingClassifier(**few), 3)),
        ("GradientBoostingRegressor",
         lambda: plain(ens.GradientBoostingRegressor(**few))),
        ("HistGradientBoostingClassifier, NaN",
         lambda: plain(ens.HistGradientBoostingClassifier(max_iter=20), 2, missing=0.1)),
        ("HistGradientBoostingClassifier, three classes, NaN",
         lambda: plain(ens.HistGradientBoostingClassifier(max_iter=20), 3, missing=0.1)),
        ("HistGradientBoostingRegressor, NaN",
         lambda: plain(ens.HistGradientBoostingRegressor(max_iter=20), missing=0.1)),
        ("AdaBoostClassifier", lambda: plain(ens.AdaBoostClassifier(**few), 2)),
        ("AdaBoostClassifier, three classes",
         lambda: plain(ens.AdaBoostClassifier(**few), 3)),
        ("AdaBoostRegressor", lambda: plain(ens.AdaBoostRegressor(**few))),
        ("BaggingClassifier", lambda: plain(ens.BaggingClassifier(**few), 3)),
        ("BaggingRegressor", lambda: plain(ens.BaggingRegressor(**few))),
        ("IsolationForest", lambda: plain(ens.IsolationForest(**few))),
        ("KNeighborsClassifier", lambda: plain(neighbors.KNeighborsClassifier(), 3)),
        ("KNeighborsRegressor", lambda: plain(neighbors.KNeighborsRegressor())),
        ("GaussianProcessRegressor",
         lambda: plain(gaussian_process.GaussianProcessRegressor(alpha=0.1))),
        ("MLPClassifier", lambda: plain_pipeline(
            [prep.StandardScaler(), neural_network.MLPClassifier(max_iter=50)], 3)),
        ("MLPClassifier, two classes, tanh", lambda: plain_pipeline(
            [prep.StandardScaler(),
             neural_network.MLPClassifier((20, 10), activation="tanh", max_iter=50)], -2)),
        ("MLPRegressor", lambda: plain_pipeline(
            [prep.StandardScaler(), neural_network.MLPRegressor(max_iter=50)])),
        ("GaussianNB", lambda: plain(naive_bayes.GaussianNB(), 3)),
        ("BernoulliNB", lambda: plain(naive_bayes.BernoulliNB(), 3)),
        ("MultinomialNB", lambda: plain(naive_bayes.MultinomialNB(), 3, positive=True)),
        ("KMeans", lambda: plain(cluster.KMeans(5, n_init=3, random_state=0))),
        ("MiniBatchKMeans",
         lambda: plain(cluster.MiniBatchKMeans(5, n_init=3, random_state=0))),
        ("PCA", lambda: plain(decomposition.PCA(4))),
        ("PCA, LogisticRegression",
         lambda: plain_pipeline([decomposition.PCA(4), lm.LogisticRegression()], 3)),
        ("TruncatedSVD", lambda: plain(decomposition.TruncatedSVD(4, random_state=0))),
        *[(f"{type(step).__name__}, LogisticRegression",
           lambda step=step: plain_pipeline([step, lm.LogisticRegression()], 2))
          for step in (prep.StandardScaler(), prep.MinMaxScaler(), prep.RobustScaler(),
                       prep.MaxAbsScaler(), prep.Normalizer(), prep.Binarizer(),
                       prep.PolynomialFeatures(2),
                       feature_selection.SelectKBest(k=5),
                       feature_selection.VarianceThreshold())],
        *[(f"Normalizer, {norm}", lambda norm=norm: plain(prep.Normalizer(norm)))
          for norm in ("l1", "l2", "max")],
        ("KBinsDiscretizer",
         lambda: plain(prep.KBinsDiscretizer(4, encode="onehot-dense",
                                             quantile_method="averaged_inverted_cdf"))),
        ("PowerTransformer", lambda: plain(prep.PowerTransformer())),
        ("MinMaxScaler, clip", lambda: plain(prep.MinMaxScaler(clip=True))),
        ("StandardScaler, float64", lambda: plain(prep.StandardScaler(), dtype=np.float64)),
        ("SimpleImputer, LogisticRegression", lambda: plain_pipeline(
            [impute.SimpleImputer(), lm.LogisticRegression()], 2, missing=0.1)),
        ("SimpleImputer, StandardScaler, RandomForest", lambda: plain_pipeline(
            [impute.SimpleImputer(strategy="median"), prep.StandardScaler(),
             ens.RandomForestClassifier(**few)], 3, missing=0.1)),
        ("typed columns, LogisticRegression",
         lambda: of_table(lm.LogisticRegression(), 2)),
        ("typed columns, GradientBoosting",
         lambda: of_table(ens.GradientBoostingClassifier(**few), 3)),
        ("typed columns, ordinal, RandomForest",
         lambda: of_table(ens.RandomForestRegressor(**few), 0, ordinal=True)),
        ("typed columns, XGBoost",
         lambda: of_table(xgboost.XGBClassifier(n_estimators=15), 2)),
        ("typed columns, LightGBM",
         lambda: of_table(lightgbm.LGBMClassifier(n_estimators=15, verbose=-1), 3)),
        ("VotingClassifier, soft", lambda: plain(ens.VotingClassifier(
            [("a", lm.LogisticRegression()), ("b", tree.DecisionTreeClassifier(max_depth=4))],
            voting="soft", flatten_transform=False), 3)),
        ("VotingRegressor", lambda: plain(ens.VotingRegressor(
            [("a", lm.Ridge()), ("b", tree.DecisionTreeRegressor(max_depth=4))]))),
        ("StackingClassifier", lambda: plain(ens.StackingClassifier(
            [("a", lm.LogisticRegression()), ("b", ens.RandomForestClassifier(**few))]), 3)),
        ("StackingRegressor", lambda: plain(ens.StackingRegressor(
            [("a", lm.Ridge()), ("b", ens.RandomForestRegressor(**few))]))),
        ("CalibratedClassifierCV, sigmoid", lambda: plain(
            calibration.CalibratedClassifierCV(lm.RidgeClassifier()), 2)),
        ("CalibratedClassifierCV, isotonic", lambda: plain(
            calibration.CalibratedClassifierCV(ens.RandomForestClassifier(**few),
                                               method="isotonic"), 3)),
        *[(f"XGBClassifier, {what}", lambda classes=classes, more=more: boosted(
            xgboost.XGBClassifier(n_estimators=20, max_depth=4, **more), classes))
          for what, classes, more in (
              ("two classes", 2, {}), ("three classes", 3, {}),
              ("base_score", 2, {"base_score": 0.3}))],
        ("XGBRegressor", lambda: boosted(xgboost.XGBRegressor(n_estimators=20), 0)),
        ("XGBRegressor, counts", lambda: boosted(
            xgboost.XGBRegressor(n_estimators=20, objective="count:poisson"), 0,
            target=counts)),
        *[(f"LGBMClassifier, {what}", lambda classes=classes, more=more: boosted(
            lightgbm.LGBMClassifier(n_estimators=20, verbose=-1, **more), classes))
          for what, classes, more in (
              ("two classes", 2, {}), ("three classes", 3, {}),
              ("random forest", 2, {"boosting_type": "rf", "subsample": 0.7,
                                    "subsample_freq": 1}))],
        ("LGBMRegressor",
         lambda: boosted(lightgbm.LGBMRegressor(n_estimators=20, verbose=-1), 0)),
    ]
