# One line for each row of the requirements: "R12 what was played passed|failed|missing", out of the
# results that the other parts of this run have left: run.sh clears those of earlier runs. A test
# belongs to the rows that its name begins with ("R121_refund_once", "R18 R121: kills"). A row has
# passed when all of its tests have that ran. Counts the rows only where it is the one part that was
# asked for, and then runs the unit and e2e parts; otherwise their tests have been counted already.
results=${DESKMATE_RESULTS:-$PWD/.build/results}
if [ -n "${DESKMATE_ALONE:-}" ]; then
  bash tests/parts/unit.sh
  bash tests/parts/e2e.sh
fi
python3 - "$results" <<'EOF'
import os, pathlib, re, sys
results = pathlib.Path(sys.argv[1])
rows = {}
for tsv in sorted(results.glob('*.tsv')):
    for line in tsv.read_text(encoding='utf-8').splitlines():
        state, _, test = line.split('\t', 2)
        name = test.rsplit('.', 1)[-1] if re.search(r'\.R\d', test) else test
        head = re.match(r'(?:R\d+[ _:,]+)+', name)
        for row in re.findall(r'R(\d+)', head[0]) if head else []:
            rows.setdefault(int(row), []).append((state, name[head.end():].replace('_', ' ')))
last = 129
good = bad = 0
for row in range(1, last + 1):
    played = rows.get(row)
    if not played:
        print(f'R{row} - missing')
        continue
    failed = any(state == 'failed' for state, _ in played)
    good, bad = good + (not failed), bad + failed
    names = list(dict.fromkeys(name for _, name in played))
    print(f'R{row} {"; ".join(names)} {"failed" if failed else "passed"}')
missing = last - good - bad
(results / 'rows.txt').write_text(f'{good}\t{bad}\t{missing}\n')
print(f'  {good} rows passed, {bad} failed, {missing} have no test yet')
alone = os.environ.get('DESKMATE_ALONE')
(results / 'rows.sum').write_text(f'{good} {bad}\n' if alone else '0 0\n')
sys.exit(bad > 0)
EOF
