#!/usr/bin/env python3
"""Turns what test programs left into lines "passed|failed TAB suite TAB test", and says how it went.

  collect.py ctest FOLDER TSV SUFFIX   FOLDER: ctest.xml, and <program>.json of each GoogleTest
  collect.py tap FILE TSV SUITE        FILE: the output of node --test-reporter=tap, and "exit N"
  collect.py summary FOLDER            FOLDER: the results; what a night's run came to, in a minute

A test that was skipped did not pass: it counts as failed.
"""
import json
import pathlib
import re
import sys
import xml.etree.ElementTree as xml

OUTPUT_LINES_MAX = 120  # of a failed test


def show(text):
    lines = text.rstrip().splitlines()
    if len(lines) > OUTPUT_LINES_MAX:
        print(f'    | ({len(lines) - OUTPUT_LINES_MAX} lines left out)')
    for line in lines[-OUTPUT_LINES_MAX:]:
        print('    | ' + line)


def report(tsv, suite, cases, seconds, output):
    """cases: (passed, name) of each test of the suite."""
    failed = sum(not good for good, _ in cases)
    word = 'FAIL' if failed else 'ok  '
    took = f', {seconds:.1f} s' if seconds else ''
    print(f'  {word} {suite}: {len(cases) - failed} passed, {failed} failed{took}')
    with open(tsv, 'a', encoding='utf-8') as out:
        for good, name in cases:
            out.write('\t'.join(['passed' if good else 'failed', suite, name.replace('\t', ' ')]) + '\n')
    if failed:
        for good, name in cases:
            if not good:
                print(f'    failed: {name}')
        show(output)


def gtest_cases(path):
    """(passed, name) of each case, and what the failed ones said."""
    try:
        found = json.loads(path.read_text(encoding='utf-8'))
    except (OSError, ValueError):  # it crashed before it wrote its results
        return None, ''
    cases, said = [], []
    for suite in found['testsuites']:
        for test in suite['testsuite']:
            if test.get('status') != 'RUN':
                continue
            name = f"{suite['name']}.{test['name']}"
            skipped = test.get('result') == 'SKIPPED'
            cases.append(('failures' not in test and not skipped, name))
            said += [f'{name}: was skipped'] if skipped else []
            said += [f"{name}: {failure['failure']}" for failure in test.get('failures', [])]
    return cases, '\n'.join(said)


def ctest(folder, tsv, suffix):
    folder = pathlib.Path(folder)
    try:
        tests = xml.parse(folder / 'ctest.xml').getroot().findall('testcase')
    except (OSError, xml.ParseError):
        log = folder / 'ctest.log'
        report(tsv, 'ctest' + suffix, [(False, 'ctest')], 0,
               log.read_text(errors='replace') if log.exists() else 'no results')
        return
    for test in tests:
        name = test.get('name')
        good = test.get('status') == 'run'
        output = test.findtext('system-out') or test.get('status', '')
        cases, said = gtest_cases(folder / f'{name}.json')
        if said:
            output = said
        if not cases:
            cases = [(good, name)]
        elif not good and all(passed for passed, _ in cases):
            cases.append((False, f'{name} ends without a fault'))  # a leak found at exit
        report(tsv, name + suffix, cases, float(test.get('time') or 0), output)


def tap(file, tsv, suite):
    text = pathlib.Path(file).read_text(encoding='utf-8', errors='replace')
    cases = []
    for line in text.splitlines():
        found = re.match(r'(not )?ok \d+ - (.*?)(?: # (.*))?$', line)
        if found:
            left_out = re.match(r'(SKIP|TODO)\b', found[3] or '')
            cases.append((not found[1] and not left_out, found[2].replace('\\#', '#')))
    duration = re.search(r'^# duration_ms ([\d.]+)', text, re.M)
    if not text.endswith('exit 0\n') and all(good for good, _ in cases):
        cases.append((False, 'the file ran to its end'))
    if not cases:
        cases.append((False, 'there are tests in the file'))
    report(tsv, suite, cases, float(duration[1]) / 1000 if duration else 0, text)


def lines_of(path):
    return path.read_text(encoding='utf-8', errors='replace').splitlines() if path.exists() else []


def summary(folder):
    folder = pathlib.Path(folder)
    print('\n== summary')
    for line in lines_of(folder / 'parts.txt'):
        part, good, bad, seconds = line.split('\t')
        print(f'  {part:<11}{good:>6} passed{bad:>5} failed{seconds:>7} s')
    failed = []
    for tsv in sorted(folder.glob('*.tsv')):
        if tsv.stem == 'bench':
            continue
        for line in lines_of(tsv):
            state, suite, name = line.split('\t', 2)
            if state == 'failed':
                failed.append(f'    {tsv.stem}: {suite}: {name}')
    print(f'  failed tests: {len(failed) or "none"}')
    print('\n'.join(failed), end='\n' if failed else '')
    if (folder / 'bench.tsv').exists():
        short = [line for line in lines_of(folder / 'bench.txt')
                 if line.rstrip().endswith(' short')]
        said = {line.split()[0] for line in short}
        # A program that ended without its figures.
        short += [name for state, _, name in (line.split('\t', 2) for line in
                  lines_of(folder / 'bench.tsv')) if state == 'failed' and name not in said]
        print(f'  figures that fall short: {len(short) or "none"}')
        print('\n'.join('    ' + line for line in short), end='\n' if short else '')
    for line in lines_of(folder / 'rows.txt'):
        good, bad, missing = line.split('\t')
        print(f'  rows: {good} passed, {bad} failed, {missing} without a test')
    tried = [line.split('\t') for line in lines_of(folder / 'fuzz-executions.txt')]
    if tried:
        print('  inputs fuzzed: ' + ', '.join(f'{name} {int(count):,}' for name, count in tried))


if __name__ == '__main__':
    {'ctest': ctest, 'tap': tap, 'summary': summary}[sys.argv[1]](*sys.argv[2:])
