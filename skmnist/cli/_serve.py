"""``skmnist serve``: web page for drawing digits."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from ._arguments import add_examples, add_model_file, load_model, parse_args

if TYPE_CHECKING:
    from collections.abc import Sequence


def parse(parser: argparse.ArgumentParser, argv: Sequence[str]) -> argparse.Namespace:
    """Add the options and return the arguments."""
    add_examples(
        parser,
        "skmnist serve --open",
        "skmnist train --model cnn --save my.safetensors",
        "skmnist serve my.safetensors --open",
    )
    add_model_file(parser, optional=True)
    parser.add_argument(
        "--host",
        metavar="NAME",
        default="127.0.0.1",
        help="host name or address to listen on. The default, %(default)s, accepts connections "
        "from this computer only; 0.0.0.0 accepts connections from the network",
    )
    parser.add_argument(
        "--port",
        metavar="N",
        type=_parse_port,
        default=8000,
        help="port to listen on; 0 selects a free port (default: %(default)s)",
    )
    parser.add_argument("--open", action="store_true", help="open the page in a web browser")
    return parse_args(parser, argv)


def run(args: argparse.Namespace) -> None:
    """Serve the page until Ctrl+C is pressed."""
    from skmnist.serving import DigitServer

    with DigitServer(load_model(args.file), host=args.host, port=args.port) as server:
        if not server.is_loopback:
            print(
                "skmnist: warning: everyone who can reach this computer over the network can use "
                "the page, and the connection is not encrypted.",
                file=sys.stderr,
            )
        print(f"Serving on {server.url} (press Ctrl+C to stop)", flush=True)
        if args.open:
            import webbrowser

            webbrowser.open(server.url)
        try:
            server.run()
        except KeyboardInterrupt:
            print("\nStopped.", flush=True)


def _parse_port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 2**16):
        raise argparse.ArgumentTypeError(f"expected an integer from 0 to 65535, got {text!r}")
    return int(text)
