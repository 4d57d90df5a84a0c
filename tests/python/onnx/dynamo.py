"""Writes dynamo.onnx beside itself, with the exporter of PyTorch 2 (torch.export), which Debian 12 does not have.

In a Debian 13, whose python3-torch 2.6.0 is a CPU build:

    apt-get install -y python3-torch python3-sklearn python3-venv && python3 -m venv --system-site-packages venv &&
      venv/bin/pip install onnx==1.18.0 onnxscript==0.2.5 protobuf==4.25.9 &&
      venv/bin/python tests/python/onnx/dynamo.py
"""

import torch
from exporters import HERE, digits, trained
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.norm, self.last = nn.Linear(64, 24), nn.BatchNorm1d(24), nn.Linear(24, 10)

    def forward(self, x):
        return self.last(nn.functional.gelu(self.norm(self.first(x.view(x.size(0), -1)))))


def main():
    torch.manual_seed(0)
    train, labels, _, _ = digits()
    train = train.reshape(-1, 1, 8, 8) / 16
    net = trained(Net(), train, labels, 30)
    program = torch.onnx.export(net, (torch.from_numpy(train[:2]),), dynamo=True,
                                dynamic_shapes=({0: torch.export.Dim("batch")},))
    program.save(str(HERE / "dynamo.onnx"))


if __name__ == "__main__":
    main()
