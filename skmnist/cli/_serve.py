"""``skmnist serve``: a page on which to draw digits."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from ._arguments import add_examples, add_model_file

if TYPE_CHECKING:
    from collections.abc import Sequence


def parse(parser: argparse.ArgumentParser, argv: Sequence[str]) -> argparse.Namespace:
    """Add the options and return the arguments."""
    add_examples(
        parser,
        "skmnist train --model cnn --save digits.safetensors",
        "skmnist serve digits.safetensors --open",
    )
    add_model_file(parser)
    parser.add_argument(
        "--host",
        metavar="NAME",
        default="127.0.0.1",
        help="the name or address to listen at; by default (%(default)s) only this computer can "
        "reach the page, with 0.0.0.0 all that can reach this computer",
    )
    parser.add_argument(
        "--port",
        metavar="N",
        type=_parse_port,
        default=8000,
        help="the port to listen at; 0 takes one that is free (default: %(default)s)",
    )
    parser.add_argument("--open", action="store_true", help="open the page in the browser")
    return parser.parse_args(argv)


def run(args: argparse.Namespace) -> None:
    """Serve the page until Ctrl-C."""
    from skmnist._persistence.save_load import load
    from skmnist.serving import DigitServer

    with DigitServer(load(args.file), host=args.host, port=args.port) as server:
        if not server.is_loopback:
            print(
                "skmnist: warning: whoever can reach this computer through the network can use "
                "the page; what they send is not encrypted.",
                file=sys.stderr,
            )
        print(f"The page: {server.url}\nCtrl-C ends it.", flush=True)
        if args.open:
            import webbrowser

            webbrowser.open(server.url)
        server.run()


def _parse_port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 2**16):
        raise argparse.ArgumentTypeError(f"give a number of 0 to 65535, not {text!r}")
    return int(text)
