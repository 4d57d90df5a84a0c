import sys, pathlib
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[4] / "examples" / "train"))
from model_file import *  # noqa
