/**
 * @file Reports a second through CLIP's tokenizer, one string at a time: ours and Python's `tokenizers` (Rust), in turns in
 * one run. Writes bench/results/tokenizer.json. `node bench/tokenizer.js PYTHON [DATA]`: DATA is a folder with `clip-bpe` and `indiana-reports`, as published.
 */

import { execFileSync, spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { writeJsonAtomic } from '../dist/core/files.js'
import { loadTokenizer } from '../dist/text/index.js'

const [python = 'python3', data = '../shared/data'] = process.argv.slice(2)
const archive = join(data, 'indiana-reports', 'NLMCXR_reports.tgz')
const xml = execFileSync('tar', ['-xzOf', archive, '--wildcards', '*.xml'], { maxBuffer: 1 << 28 }).toString('utf8')
const reports = xml
  .split(/(?=<\?xml )/)
  .filter((body) => body.trim() !== '')
  .map((body) => [...body.matchAll(/<AbstractText[^>]*?(?:\/>|>([^<]*))/g)].map(([, text = '']) => text).join('\n'))

const theirs = `
import gzip, json, sys, time
from transformers import CLIPTokenizer
reports = json.load(open(sys.argv[1]))
lines = gzip.open(sys.argv[2]).read().decode().split("\\n")[1 : 49152 - 256 - 2 + 1]
merges = [tuple(line.split()) for line in lines]
codes = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
chars = [chr(c) for c in codes + list(range(256, 512 - len(codes)))]
vocab = chars + [c + "</w>" for c in chars] + ["".join(m) for m in merges] + ["<|startoftext|>", "<|endoftext|>"]
tok = CLIPTokenizer(vocab={t: i for i, t in enumerate(vocab)}, merges=merges, model_max_length=77)
rust = tok.backend_tokenizer
for r in reports: rust.encode(r)
for line in sys.stdin:
    start = time.perf_counter()
    tokens = sum(len(rust.encode(r).ids) for r in reports)
    print(json.dumps({"seconds": time.perf_counter() - start, "tokens": tokens}), flush=True)
`
const room = join(tmpdir(), `vesalius-tokenizer-${process.pid}`)
writeFileSync(`${room}.json`, JSON.stringify(reports))
writeFileSync(`${room}.py`, theirs)

const tokenizer = await loadTokenizer(join(data, 'clip-bpe'), { contextLength: 100_000 })
const cold = performance.now()
for (const report of reports) tokenizer.encode(report)
const first = (performance.now() - cold) / 1000

const rounds = []
for (let i = 0; i < 5; i++) {
  const start = performance.now()
  let tokens = 0
  for (const report of reports) tokens += tokenizer.encode(report).length
  const seconds = (performance.now() - start) / 1000
  const line = [`${room}.py`, `${room}.json`, join(data, 'clip-bpe', 'bpe_simple_vocab_16e6.txt.gz')]
  const run = spawnSync(python, line, { input: 'go\n', encoding: 'utf8' })
  if (run.status !== 0) throw new Error(run.stderr)
  const peer = JSON.parse(run.stdout)
  if (peer.tokens !== tokens) throw new Error(`${tokens} tokens here, ${peer.tokens} there`)
  rounds.push({ ours: reports.length / seconds, theirs: reports.length / peer.seconds })
}
for (const end of ['json', 'py']) rmSync(`${room}.${end}`)
const middle = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
const round = (value) => Math.round(value * 100) / 100
const ours = middle(rounds.map((each) => each.ours))
const peer = middle(rounds.map((each) => each.theirs))
const result = {
  version: 1,
  bench: 'tokenizer',
  what: 'CLIP BPE, one string at a time, Indiana reports a second, median of 5 rounds in turns',
  reports: reports.length,
  ours: Math.round(ours),
  oursFirstPass: Math.round(reports.length / first),
  peer: 'tokenizers (Rust) by Python, one thread',
  theirs: Math.round(peer),
  ratio: round(ours / peer),
  rounds: rounds.map((each) => ({ ours: Math.round(each.ours), theirs: Math.round(each.theirs) })),
  node: process.version,
  cpu: cpus()[0]?.model,
}
await writeJsonAtomic(fileURLToPath(new URL('./results/tokenizer.json', import.meta.url)), result)
console.log(JSON.stringify(result, null, 2))
