"""tests/networks/make.py [FOLDER]: the networks of this field, as torch exports them.

    apt-get install python3-torch python3-onnx
    /usr/bin/python3 tests/networks/make.py

Writes NAME-OPSET/model.onnx with a free batch axis, and beside it test_data_set_0 in the
layout of ONNX's node tests: three rows, and what torch itself makes of them. The weights
are random, from fixed seeds: how well a network predicts does not matter here."""

import pathlib
import sys

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn
from torch.nn import functional

from networks import NETWORKS, OPSETS, random_inputs

N_ROWS = 3


class MlpBatchNorm(nn.Module):
    """A fraud score of numeric features."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(30, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Dropout(0.2),
            nn.Linear(64, 32), nn.BatchNorm1d(32), nn.LeakyReLU(0.1), nn.Dropout(0.2),
            nn.Linear(32, 1))

    def forward(self, features):
        return torch.sigmoid(self.layers(features)).squeeze(-1)


class MlpGelu(nn.Module):
    """The same with what transformers made usual: residuals, layer norm and GELU."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(24, 48)
        self.norms = nn.ModuleList(nn.LayerNorm(48) for _ in range(2))
        self.ups = nn.ModuleList(nn.Linear(48, 96) for _ in range(2))
        self.downs = nn.ModuleList(nn.Linear(96, 48) for _ in range(2))
        self.head = nn.Linear(48, 2)

    def forward(self, features):
        x = self.first(features)
        for norm, up, down in zip(self.norms, self.ups, self.downs):
            x = x + down(functional.gelu(up(norm(x))))
        return torch.softmax(self.head(x), dim=-1)


class Tower(nn.Module):
    def __init__(self, n_ids, n_features):
        super().__init__()
        self.embedding = nn.Embedding(n_ids, 16)
        self.layers = nn.Sequential(nn.Linear(16 + n_features, 32), nn.ReLU(),
                                    nn.Linear(32, 16))

    def forward(self, ids, *features):
        x = torch.cat([self.embedding(ids), *features], dim=-1)
        return functional.normalize(self.layers(x), dim=-1)


class TwoTowers(nn.Module):
    """The cosine of a user and an item."""

    def __init__(self):
        super().__init__()
        self.users = Tower(200, 8)
        self.items = Tower(300, 0)

    def forward(self, user, item, context):
        return (self.users(user, context) * self.items(item)).sum(dim=-1) / 0.1


class Dlrm(nn.Module):
    """Facebook's DLRM: embeddings and dense features meet in pairwise products."""

    def __init__(self, n_sparse=6, n_ids=50, dim=8):
        super().__init__()
        self.bottom = nn.Sequential(nn.Linear(13, 32), nn.ReLU(), nn.Linear(32, dim),
                                    nn.ReLU())
        self.embeddings = nn.ModuleList(nn.Embedding(n_ids, dim) for _ in range(n_sparse))
        n = n_sparse + 1
        self.register_buffer("rows", torch.tensor([i for i in range(n) for _ in range(i)]))
        self.register_buffer("columns", torch.tensor([j for i in range(n) for j in range(i)]))
        self.top = nn.Sequential(nn.Linear(dim + n * (n - 1) // 2, 32), nn.ReLU(),
                                 nn.Linear(32, 1), nn.Sigmoid())

    def forward(self, dense, ids):
        x = self.bottom(dense)
        vectors = [x] + [table(ids[:, i]) for i, table in enumerate(self.embeddings)]
        both = torch.stack(vectors, dim=1)
        products = torch.bmm(both, both.transpose(1, 2))
        pairs = products[:, self.rows, self.columns]
        return self.top(torch.cat([x, pairs], dim=1))


class Gru4Rec(nn.Module):
    """The next item of a session."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(120, 24, padding_idx=0)
        self.gru = nn.GRU(24, 32, num_layers=2, batch_first=True)
        self.head = nn.Linear(32, 120)

    def forward(self, items):
        h = torch.zeros(2, items.size(0), 32)
        out, _ = self.gru(self.embedding(items), h)
        return self.head(out[:, -1, :])


class Attention(nn.Module):
    """Masked self-attention in two heads."""

    def __init__(self, dim, heads=2):
        super().__init__()
        self.heads, self.width = heads, dim // heads
        self.query, self.key, self.value, self.out = (nn.Linear(dim, dim) for _ in range(4))

    def split(self, x):
        return x.view(x.size(0), x.size(1), self.heads, self.width).transpose(1, 2)

    def forward(self, x, mask):
        q, k, v = self.split(self.query(x)), self.split(self.key(x)), self.split(self.value(x))
        weights = torch.matmul(q, k.transpose(-2, -1)) / self.width ** 0.5
        weights = torch.softmax(weights.masked_fill(mask, float("-inf")), dim=-1)
        mixed = torch.matmul(weights, v).transpose(1, 2).contiguous()
        return self.out(mixed.view(x.size(0), x.size(1), -1))


class SasRec(nn.Module):
    """Self-attentive sequential recommendation: how well a candidate follows a session."""

    def __init__(self, length=16, dim=32):
        super().__init__()
        self.items = nn.Embedding(120, dim, padding_idx=0)
        self.positions = nn.Embedding(length, dim)
        self.attentions = nn.ModuleList(Attention(dim) for _ in range(2))
        self.before = nn.ModuleList(nn.LayerNorm(dim, eps=1e-8) for _ in range(2))
        self.middle = nn.ModuleList(nn.LayerNorm(dim, eps=1e-8) for _ in range(2))
        self.ups = nn.ModuleList(nn.Linear(dim, dim) for _ in range(2))
        self.downs = nn.ModuleList(nn.Linear(dim, dim) for _ in range(2))
        self.last = nn.LayerNorm(dim, eps=1e-8)
        future = torch.ones(length, length, dtype=torch.bool).triu(diagonal=1)
        self.register_buffer("future", future)

    def forward(self, items, candidate):
        places = torch.arange(items.size(1))
        x = self.items(items) * 32 ** 0.5 + self.positions(places)
        x = x * (items != 0).unsqueeze(-1)
        for before, attention, middle, up, down in zip(self.before, self.attentions,
                                                       self.middle, self.ups, self.downs):
            x = x + attention(before(x), self.future)
            x = x + down(torch.relu(up(middle(x))))
        return (self.last(x)[:, -1] * self.items(candidate)).sum(dim=-1)


class Autoencoder(nn.Module):
    """An anomaly is what the network cannot rebuild."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(32, 16), nn.Tanh(), nn.Linear(16, 4), nn.Tanh(),
                                    nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 32))

    def forward(self, features):
        return ((self.layers(features) - features) ** 2).mean(dim=1)


class Lstm(nn.Module):
    """A score of the last events of a card."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(6, 24, batch_first=True, bidirectional=True)
        self.head = nn.Linear(48, 1)

    def forward(self, events):
        out, (h, _) = self.lstm(events)
        return torch.sigmoid(self.head(torch.cat([h[0], h[1]], dim=1) + out.mean(dim=1)))


class MaskedPooling(nn.Module):
    """The mean of a history's embeddings, without its padding."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(100, 16)
        self.head = nn.Sequential(nn.Linear(20, 32), nn.SiLU(), nn.Linear(32, 1))

    def forward(self, items, features):
        mask = (items != 0).unsqueeze(-1).float()
        pooled = (self.embedding(items) * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1)
        return self.head(torch.cat([pooled, features], dim=1))


CLASSES = {
    "mlp_batch_norm": MlpBatchNorm, "mlp_gelu": MlpGelu, "two_towers": TwoTowers,
    "dlrm": Dlrm, "gru4rec": Gru4Rec, "sasrec": SasRec, "autoencoder": Autoencoder,
    "lstm": Lstm, "masked_pooling": MaskedPooling,
}


def randomise(network):
    """What training would have moved: statistics of batch norm, scales and biases; and
    embeddings of a usual size."""
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.Embedding):
                module.weight.normal_(0, module.embedding_dim ** -0.5)
                module.weight[:1] *= module.padding_idx is None
            if isinstance(module, nn.BatchNorm1d):
                module.running_mean.normal_()
                module.running_var.uniform_(0.5, 2)
            if isinstance(module, (nn.BatchNorm1d, nn.LayerNorm)):
                module.weight.uniform_(0.5, 1.5)
                module.bias.normal_(0, 0.3)


def write_tensor(path, name, array):
    path.write_bytes(numpy_helper.from_array(array, name).SerializeToString())


def export(network, name, opset, inputs, folder):
    file = folder / "model.onnx"
    torch.onnx.export(network, tuple(torch.from_numpy(value) for value in inputs.values()),
                      str(file), opset_version=opset, input_names=list(inputs),
                      output_names=["score"],
                      dynamic_axes={key: {0: "batch"} for key in [*inputs, "score"]})
    onnx.checker.check_model(onnx.load(str(file)))


def make(name, opset, folder):
    torch.manual_seed(len(name))
    network = CLASSES[name]()
    randomise(network)
    network.eval()
    inputs = random_inputs(name, np.random.default_rng(1), N_ROWS)
    data = folder / "test_data_set_0"
    data.mkdir(parents=True, exist_ok=True)
    export(network, name, opset, inputs, folder)
    with torch.no_grad():
        score = network(*(torch.from_numpy(value) for value in inputs.values())).numpy()
    for i, (key, value) in enumerate(inputs.items()):
        write_tensor(data / f"input_{i}.pb", key, value)
    write_tensor(data / "output_0.pb", "score", score)
    operators = sorted({node.op_type for node in onnx.load(str(folder / "model.onnx")).graph.node})
    size = (folder / "model.onnx").stat().st_size
    print(f"{folder.name:20} {size:7} bytes: {' '.join(operators)}")


def main(folder):
    for name in NETWORKS:
        for opset in OPSETS:
            make(name, opset, folder / f"{name}-{opset}")


if __name__ == "__main__":
    main(pathlib.Path(*sys.argv[1:2] or [pathlib.Path(__file__).parent]))
