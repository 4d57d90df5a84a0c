#!/usr/bin/env python3
"""Lays the page out in a folder of its own, prints the SHA-256 of each file, and serves it.

    page.py --client build/web/client --site build/web/site --service http://127.0.0.1:8801 --port 8800
"""

import argparse
import functools
import hashlib
import http.server
import pathlib
import re
import shutil
import sys
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
PAGE = ("index.html", "style.css", "icon.svg", "page")
SUMS = "SHA256SUMS"
TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
         ".svg": "image/svg+xml", ".wasm": "application/wasm", "": "text/plain; charset=utf-8"}


def origin_of(address):
    """Scheme, host and port of an address, which is all that a policy names."""
    parts = urllib.parse.urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"[\s;,'\"<>]", address):
        sys.exit(f"page.py: {address}: is no address of a service; give one such as http://127.0.0.1:8801")
    return f"{parts.scheme}://{parts.netloc}"


def replace_once(text, pattern, replacement):
    text, count = re.subn(pattern, lambda _: replacement, text)
    assert count == 1, pattern
    return text


def with_service(html, address):
    """The page with this service as the field's default and the only address it may talk to."""
    html = replace_once(html, r'(?<=name="torusnn-service" content=")[^"]*', address)
    return replace_once(html, r"(?<=connect-src )[^;]*", f"'self' {origin_of(address)}")


def lay_out(site, client, service):
    """Copies page and client to a new folder, or one that was laid out before."""
    if site.exists() and not (site / SUMS).exists():
        sys.exit(f"page.py: {site}: exists and is no page of ours; name another folder")
    shutil.rmtree(site, ignore_errors=True)
    (site / "client").mkdir(parents=True)
    for path in (client / "client.wasm", *client.glob("*.js")):
        shutil.copy(path, site / "client")
    for name in PAGE:
        source = HERE / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, site / name)
    index = site / "index.html"
    index.write_text(with_service(index.read_text(), service))


def write_sums(site):
    """A list as sha256sum has it, of every file of the site."""
    files = sorted(path for path in site.rglob("*") if path.is_file())
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(site)}\n" for path in files]
    (site / SUMS).write_text("".join(lines))
    return "".join(lines)


def policy_of(site):
    return re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', (site / "index.html").read_text())[1]


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files of the site with the headers that a policy in the page cannot give, and for workers, which it does not reach."""

    extensions_map = TYPES
    protocol_version = "HTTP/1.1"
    policy = "default-src 'none'"

    def end_headers(self):
        self.send_header("Content-Security-Policy", f"{self.policy}; frame-ancestors 'none'")
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def list_directory(self, path):
        self.send_error(404)

    def log_message(self, *arguments):
        pass


def serve(site, port):
    handler = functools.partial(Handler, directory=str(site))
    Handler.policy = policy_of(site)
    with http.server.ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        print(f"The page: http://127.0.0.1:{server.server_port}/", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            pass


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--client", type=pathlib.Path, required=True, help="folder of the built client")
    parser.add_argument("--site", type=pathlib.Path, required=True, help="folder to lay the page out in, anew each time")
    parser.add_argument("--service", default="http://127.0.0.1:8801", help="the one address that the page may talk to")
    parser.add_argument("--port", type=int, default=8800, help="to serve at on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--lay-out-only", action="store_true", help="end when files and list are written")
    options = parser.parse_args()
    lay_out(options.site, options.client, options.service)
    print(write_sums(options.site), end="", flush=True)
    if not options.lay_out_only:
        serve(options.site, options.port)


if __name__ == "__main__":
    main()
