"""`tianbao-server demo`: all of it on this computer, to try out."""

import os
import signal
import sys
from pathlib import Path

import click

from server.cli._data import chosen_folder
from server.cli._output import example, say, show
from server.config import DataFolder
from server.demo import SAMPLE, Addresses, DemoOptions, client_home, run_demo

_DEFAULT = Path(".demo")
_PORT = click.IntRange(0, 65535)
_TEXT = """
填报 Tianbao · 演示 demo

  填报 Fill in    {client}
  审计 Audit      {audit}
  服务器 Server   {server}

先试试 Try first:
  1. 打开“填报”地址，选一张表，逐行填写，点“完成填报”：先是“已保存在本机”，随后“已送达”。
     Open the first address, choose a form, fill in a row, hand it in: saved here, then delivered.
  2. 打开“审计”地址登录（链接只能用一次），查看刚才报送的数据。
     Open the second address to sign in (the link works once) and see what arrived.
  3. 或者在另一个终端里加一份示例 Or add an example from another terminal:
     {example}

按 Ctrl-C 停止；数据保留在 {data}。 Ctrl-C stops all of it; the data stays in {data}.
"""


@click.command(epilog=example("demo", "demo --server-port 9000 --client-port 9001 --data /tmp/t"))
@click.option(
    "--server-port",
    type=_PORT,
    show_default="8000, then the one of the last time",
    help="Server's port.",
)
@click.option("--client-port", type=_PORT, default=8001, show_default=True, help="Client's port.")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="The server's data folder; .demo where none is given.",
)
@click.pass_context
def demo(
    context: click.Context, server_port: int | None, client_port: int, data: Path | None
) -> None:
    """Run server, auditors' pages and one client with the sample campaign; Ctrl-C stops all."""
    folder = DataFolder((chosen_folder(context, data) or _DEFAULT).absolute())
    # SIGINT too: a shell that starts us in the background has it ignored.
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.default_int_handler)
    try:
        run_demo(
            folder,
            DemoOptions(server_port, client_port),
            lambda addresses: show(_text(folder, addresses)),
        )
    except KeyboardInterrupt:
        say("The demonstration has stopped.")


def _text(folder: DataFolder, addresses: Addresses) -> str:
    form, home, tianbao = SAMPLE / "attachment-2.json", client_home(folder), _tianbao()
    return _TEXT.format(
        client=addresses.client,
        audit=addresses.audit,
        server=addresses.server,
        example=f"{tianbao} form example {_shown(form)} | "
        f"{tianbao} --home {_shown(home)} add attachment-2 -",
        data=_shown(folder.path),
    )


def _tianbao() -> str:
    """Return how the client's command is called here, in a virtual environment or not."""
    python = Path(sys.executable)
    script = python.with_name("tianbao" + python.suffix)
    return _shown(script) if script.exists() else f"{_shown(python)} -m client"


def _shown(path: Path) -> str:
    """Return a path as short as it can be typed here."""
    shown = os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
    return f'"{shown}"' if " " in shown else shown
