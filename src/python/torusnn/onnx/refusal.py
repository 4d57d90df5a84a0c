"""What an ONNX file contains that no torusnn model can hold."""


class UnsupportedModel(ValueError):
    """One sentence with the node, its type, what is wrong and what would help.

    node, kind: name and type of the node; empty where the file as a whole is at fault. remedy: what would help."""

    def __init__(self, what, remedy, node="", kind=""):
        self.node, self.kind, self.what, self.remedy = node, kind, what, remedy
        super().__init__(f"node '{node}' ({kind}) {what}; {remedy}" if kind else f"{what}; {remedy}")
