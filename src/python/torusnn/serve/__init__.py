"""The service: encrypted images in, encrypted logits out, over HTTP. docs/SERVICE.md says how to run it.

    app = create_app(Settings(models=["pneumoniamnist.tnn"], keys="keys"))     # any ASGI server runs it
"""

try:
    from .app import create_app
except ImportError as error:
    raise ImportError(f"the service needs more packages ({error}); pip install 'torusnn[serve]'") from error
from .access import read_tokens
from .keys import FileKeys, KeyStore
from .settings import Settings

__all__ = ["FileKeys", "KeyStore", "Settings", "create_app", "read_tokens"]
