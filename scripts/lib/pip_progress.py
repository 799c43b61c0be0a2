"""Turns pip's lines on standard input into one line of progress. Usage: pip install … | pip_progress.py TOTAL"""

import shutil
import sys


def main(total: int) -> None:
    """Show a bar on a terminal, else a line every tenth package."""
    is_terminal = sys.stdout.isatty()
    width = shutil.get_terminal_size().columns - 1
    seen = 0
    for line in sys.stdin:
        words = line.split()
        if line.startswith("Collecting "):
            seen += 1
            package = words[1].partition("==")[0]
            bar = "█" * (20 * seen // total) + "░" * (20 - 20 * seen // total)
            if is_terminal:
                print(f"\r{f'  {bar} {seen}/{total} {package}':<{width}.{width}}", end="", flush=True)
            elif seen % 10 == 0 or seen == total:
                print(f"  {seen}/{total} {package}", flush=True)
        elif line.startswith("Installing collected packages"):
            shown = f"\r{'  Unpacking':<{width}}" if is_terminal else "  Unpacking\n"
            print(shown, end="", flush=True)
    if is_terminal:
        print(f"\r{'':<{width}}\r", end="", flush=True)


main(max(1, int(sys.argv[1])))
