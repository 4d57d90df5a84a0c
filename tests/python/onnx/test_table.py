"""docs/ONNX.md states what was measured, and what was measured reaches what is promised."""

from exporters import EXPORTERS, LEAST_CLEAR, TWO_BITS, least_encrypted
from table import DOCUMENT, END, START, TITLES, figures, with_table

ENOUGH_IMAGES = 100  # to hold a share of them against a bound


def test_every_exporter_has_a_title():
    assert set(TITLES) == set(EXPORTERS)


def test_the_documents_table_is_of_the_measured_figures():
    text = DOCUMENT.read_text()
    assert text.count(START) == text.count(END) == 1 and text == with_table(text)


def test_measured_nets_keep_their_classes():
    measured = {name: each for name, each in figures().items() if each["encrypted_images"] >= ENOUGH_IMAGES}
    assert TWO_BITS in measured
    for name, each in measured.items():
        assert each["clear"] >= LEAST_CLEAR and each["encrypted"] >= least_encrypted(name), name
