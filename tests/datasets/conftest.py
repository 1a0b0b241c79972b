"""Fixtures: a small KMNIST, and a fake network for torchvision."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from skmnist._utils.optional_dependencies import import_torchvision
from tests.datasets.helpers import SPECS, FakeSet


@pytest.fixture
def kmnist(monkeypatch):
    """A small data set whose images have no known checksum."""
    return FakeSet(SPECS["kmnist"], monkeypatch)


@pytest.fixture
def server(monkeypatch):
    """Replace the network: `server.content` maps the last part of a URL to the bytes it returns."""
    utils = import_torchvision().datasets.utils
    server = SimpleNamespace(content={})

    def retrieve(url, filename):
        try:
            content = server.content[url.rpartition("/")[2].partition("?")[0]]
        except KeyError:
            raise RuntimeError("Name or service not known") from None
        Path(filename).write_bytes(content)

    monkeypatch.setattr("skmnist.datasets._download.retrieve", retrieve)
    monkeypatch.setattr(utils, "check_md5", lambda path, md5, **kwargs: True)
    return server
