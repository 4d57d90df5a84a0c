"""examples/results/tables.py: what it makes of the measured figures, and what it says of others."""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "examples" / "results" / "tables.py"
MEASURED = ROOT / "examples" / "results" / "measured"
CARDS = ROOT / "examples" / "models" / "README.md"
NEEDED = ["layers", "bootstraps", "contract", "images", "clear_accuracy", "clear_auc", "simulated", "encrypted_accuracy",
          "encrypted_auc", "agreement", "logit_rms_error", "latency_ms", "evaluation_key_bytes", "input_bytes", "output_bytes",
          "keys", "threads"]


def run(*arguments):
    return subprocess.run([sys.executable, "-B", SCRIPT, *arguments], capture_output=True, encoding="utf-8")


class Tables(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.readme, self.cards = self.folder / "README.md", self.folder / "cards.md"
        self.measured = self.folder / "measured"
        shutil.copy(ROOT / "README.md", self.readme)
        shutil.copytree(MEASURED, self.measured)

    def assert_refused(self, result, *words):
        self.assertEqual(1, result.returncode)
        self.assertEqual(1, result.stderr.count("\n"), result.stderr)
        for word in words:
            self.assertIn(word, result.stderr)

    def change(self, edit):
        """Edits the figures of digits."""
        path = self.measured / "digits.json"
        figures = json.loads(path.read_text(encoding="utf-8"))
        edit(figures)
        path.write_text(json.dumps(figures), encoding="utf-8")

    def test_what_is_committed_is_made_of_the_committed_figures(self):
        result = run(f"--readme={self.readme}", f"--cards={self.cards}")
        self.assertEqual((0, ""), (result.returncode, result.stderr))
        self.assertEqual((ROOT / "README.md").read_bytes(), self.readme.read_bytes())
        self.assertEqual(CARDS.read_bytes(), self.cards.read_bytes())
        self.assertIn(result.stdout, self.readme.read_text(encoding="utf-8"))

    def test_a_model_that_was_not_measured_has_a_card_alone(self):
        (self.measured / "digits.json").unlink()
        result = run(f"--measured={self.measured}", f"--cards={self.cards}")
        self.assertEqual(0, result.returncode)
        self.assertNotIn("| digits |", result.stdout)
        self.assertIn("not measured encrypted yet", self.cards.read_text(encoding="utf-8"))

    def test_a_model_that_does_not_ship_has_a_command(self):
        result = run(f"--measured={self.measured}", f"--cards={self.cards}")
        self.assertEqual(0, result.returncode)
        self.assertNotIn("| bloodmnist |", result.stdout)
        card = self.cards.read_text(encoding="utf-8").partition("## bloodmnist\n")[2]
        self.assertIn("makes it by `examples/train/train.py --set bloodmnist --out bloodmnist.tnn`", card)

    def test_images_of_one_class_have_no_auc(self):
        self.change(lambda figures: figures.update(clear_auc=None))
        result = run(f"--measured={self.measured}", f"--cards={self.cards}")
        figures = json.loads((MEASURED / "digits.json").read_text(encoding="utf-8"))
        clear, simulated = (100 * share for share in (figures["clear_accuracy"], figures["simulated"]["accuracy"]))
        row = f"| {figures['images']} | {clear:.2f} % | {simulated:.2f} % / {figures['simulated']['auc']:.3f} |"
        self.assertIn(row, result.stdout)
        self.assertIn(f"| this model, in the clear | {clear:.2f} % | none |", self.cards.read_text(encoding="utf-8"))

    def test_cards_say_how_tables_fill_the_torus_and_what_lies_outside(self):
        spread = {"min": 0.25, "median": 0.5, "max": 1, "worst_neuron": 7}
        excursions = {"outside_images": 0.125, "astray_images": 0.0625, "outside": 0.01, "worst_outside": 0.5,
                      "worst_astray": 0.25, "worst_image": 3}
        self.change(lambda figures: figures.update(
            fills=[{"neurons": 24, "width_share": spread, "norm_share": {**spread, "worst_neuron": 9}}, {"neurons": 0}],
            excursions=excursions))
        self.assertEqual(0, run(f"--measured={self.measured}", f"--cards={self.cards}").returncode)
        cards = self.cards.read_text(encoding="utf-8")
        self.assertIn("fill of layer 0, min / median / max of 24 neurons: width over the widest 0.25 / 0.5 / 1, l2 norm "
                      "of weights over width 0.25 / 0.5 / 1; worst neurons 7 and 9\n", cards)
        self.assertIn("12.50 % of the test images have a neuron outside its table (50 % of neurons at worst), 6.25 %",
                      cards)
        self.assertNotIn("fill of layer 1", cards.partition("## digits.tnn")[2])

    def test_a_missing_key_ends_the_program_with_a_sentence(self):
        for key in NEEDED:
            with self.subTest(key):
                shutil.copy(MEASURED / "digits.json", self.measured)
                self.change(lambda figures: figures.pop(key))
                result = run(f"--measured={self.measured}", f"--readme={self.readme}", f"--cards={self.cards}")
                self.assert_refused(result, "digits.json", f"lacks the key '{key}'")
                self.assertEqual((ROOT / "README.md").read_bytes(), self.readme.read_bytes())
                self.assertFalse(self.cards.exists())

    def test_figures_of_other_runs_have_no_place_in_the_table(self):
        self.change(lambda figures: figures.update(threads=figures["threads"] + 1))
        self.assert_refused(run(f"--measured={self.measured}"), "digits.json", "threads than the models before it")

    def test_other_inputs_end_it_too(self):
        (self.measured / "digits.json").write_text("no figures", encoding="utf-8")
        self.assert_refused(run(f"--measured={self.measured}"), "digits.json", "is not JSON")
        self.readme.write_text("no section", encoding="utf-8")
        self.assert_refused(run(f"--readme={self.readme}"), "README.md", "has no lines")


if __name__ == "__main__":
    unittest.main()
