"""bench/pages.py: what it makes of good figures, and what it says of others."""

import copy
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCS, SCRIPT = ROOT / "docs", ROOT / "bench" / "pages.py"
PICTURES = {f"bench-{name}.svg" for name in ("bootstrap", "growth", "latency", "noise")}

sys.path.insert(0, str(SCRIPT.parent))
import pages  # noqa: E402 (after the path)


def run(out, **inputs):
    arguments = [f"--{name}={path}" for name, path in inputs.items()]
    return subprocess.run([sys.executable, "-B", SCRIPT, f"--out={out}", *arguments], capture_output=True, text=True)


def removals(value, path=()):
    """The way to each key; of each list into the first member, and into the first that has other keys than those before."""
    if isinstance(value, dict):
        for key in value:
            yield (*path, key)
            yield from removals(value[key], (*path, key))
    elif isinstance(value, list):
        seen = []
        for i, member in enumerate(value):
            keys = set(member) if isinstance(member, dict) else None
            if keys not in seen:
                seen.append(keys)
                yield from removals(member, (*path, i))


def without(document, path):
    pruned = copy.deepcopy(document)
    at = pruned
    for step in path[:-1]:
        at = at[step]
    del at[path[-1]]
    return pruned


class Pages(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.figures = json.loads((DOCS / "bench.json").read_text(encoding="utf-8"))

    def load(self, figures):
        path = self.folder / "figures.json"
        path.write_text(json.dumps(figures), encoding="utf-8")
        return path

    def assert_refused(self, result, *words):
        self.assertEqual(1, result.returncode)
        self.assertEqual(1, result.stderr.count("\n"), result.stderr)
        for word in words:
            self.assertIn(word, result.stderr)

    def test_the_committed_page_is_that_of_the_committed_figures(self):
        text = pages.page(pages.read_figures(DOCS / "bench.json"))
        self.assertEqual((DOCS / "BENCH.md").read_text(encoding="utf-8"), text)

    def test_two_runs_write_the_same_bytes(self):
        written = []
        for name in ("first", "second"):
            out = self.folder / name
            out.mkdir()
            self.assertEqual(0, run(out).returncode)
            written.append({path.name: path.read_bytes() for path in out.iterdir()})
        self.assertEqual({"BENCH.md"} | PICTURES, set(written[0]))
        self.assertEqual(written[0], written[1])
        for name in PICTURES:
            self.assertTrue(xml.etree.ElementTree.fromstring(written[0][name]).tag.endswith("svg"))

    def test_each_key_that_the_page_needs_is_asked_for_by_name(self):
        whole = pages.page(pages.read_figures(self.load(self.figures)))
        refused = set()
        for path in removals(self.figures):
            try:
                text = pages.page(pages.read_figures(self.load(without(self.figures, path))))
            except pages.Refused as refusal:
                self.assertIn(f"lacks the key '{path[-1]}'", str(refusal))
                refused.add(path)
            else:
                self.assertEqual(whole, text, path)
        rotation = next(i for i, item in enumerate(self.figures["core"]["items"]) if "over_floor" in item)
        for needed in [("machine", "cpu"), ("core", "items", rotation, "over_floor"), ("models", 0, "calls", 0, "image_ms", "median"),
                       ("scaling", "calls", 0, "crew_us"), ("growth", 0, "points", 0, "best_ms"), ("footprint", "bytes")]:
            self.assertIn(needed, refused)

    def test_a_missing_key_ends_the_program_with_a_sentence(self):
        path = self.load(without(self.figures, ("growth", 0, "points", 0, "best_ms")))
        self.assert_refused(run(self.folder, figures=path), str(path), "lacks the key 'best_ms'")
        self.assertFalse((self.folder / "BENCH.md").exists())

    def test_other_inputs_end_it_too(self):
        text = self.folder / "text"
        text.write_text("no figures", encoding="utf-8")
        self.assert_refused(run(self.folder, figures=text), str(text), "is not JSON")
        self.assert_refused(run(self.folder, figures=self.folder / "none"), "none", "No such file")
        self.assert_refused(run(self.folder, figures=self.load([1])), "is not what bench_report prints")
        self.assert_refused(run(self.folder, figures=self.load({**self.figures, "models": []})), "has no model")
        self.assert_refused(run(self.folder, noise=text), str(text), "has no table")


class Fit(unittest.TestCase):
    SIZES = [16, 17, 24, 32, 64, 128, 1024]

    def fit(self, times):
        return pages.fit_of({"points": [{"size": x, "best_ms": y} for x, y in zip(self.SIZES, times)]})

    def test_points_on_a_line_give_that_line(self):
        intercept, slope, deviations = self.fit([3.5 + 0.25 * x for x in self.SIZES])
        self.assertAlmostEqual(3.5, intercept)
        self.assertAlmostEqual(0.25, slope)
        self.assertLess(abs(deviations).max(), 1e-12)

    def test_a_step_is_found_where_it_is(self):
        for place in (0, 3, len(self.SIZES) - 1):
            deviations = self.fit([2 * x * (1.2 if i == place else 1) for i, x in enumerate(self.SIZES)])[2]
            self.assertEqual(place, abs(deviations).argmax())
            self.assertTrue(0.05 < deviations[place] < 0.2)

    def test_no_other_line_has_smaller_relative_errors(self):
        times = [40, 39, 60, 70, 130, 300, 1900]
        intercept, slope, _ = self.fit(times)

        def errors(a, b):
            return sum(((a + b * x) / y - 1) ** 2 for x, y in zip(self.SIZES, times))

        for i in (-1, 0, 1):
            for j in (-1, 0, 1):
                self.assertGreaterEqual(errors(intercept + 0.01 * i, slope + 0.001 * j), errors(intercept, slope))


if __name__ == "__main__":
    unittest.main()
