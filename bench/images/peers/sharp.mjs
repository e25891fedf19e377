// sharp in two recipes, `node sharp.mjs best` and `node sharp.mjs idiomatic`, started in the folder
// whose node_modules has it. Speaks what serving.py speaks: JSON lines on stdin and stdout.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

const sharp = createRequire(`${process.cwd()}/`)('sharp')
sharp.cache(false)

const SIZES = [128, 512, 1024]
const LARGEST = 1024
const WEBP = { quality: 80, effort: 4 }
const fitting = (size) => ({ width: size, height: size, fit: 'inside', withoutEnlargement: true })

// Its documentation's way: a pipeline from the original for each size.
const idiomatic = (original) =>
  Promise.all(
    SIZES.map((size) =>
      sharp(original).autoOrient().resize(fitting(size)).webp(WEBP).toBuffer()
    )
  )

// As good as we could make it: decode once, encode three times from the pixels, side by side.
const best = async (original) => {
  const { data, info } = await sharp(original)
    .autoOrient()
    .resize(fitting(LARGEST))
    .raw()
    .toBuffer({ resolveWithObject: true })
  const raw = { width: info.width, height: info.height, channels: info.channels }
  return Promise.all(
    SIZES.map((size) => {
      const pixels = sharp(data, { raw })
      return (size === LARGEST ? pixels : pixels.resize(fitting(size))).webp(WEBP).toBuffer()
    })
  )
}

const job = { best, idiomatic }[process.argv[2]]

async function one({ path, keep }) {
  const original = readFileSync(path)
  const taken = stopwatch()
  let bodies = []
  let refusal = null
  try {
    bodies = await job(original)
  } catch (error) {
    refusal = String(error)
  }
  const times = taken()
  return {
    ...times,
    refusal,
    bodies: keep ? bodies.map((body) => body.toString('base64')) : [],
    peak_mb: peakMB(),
    peak_all_mb: peakMB(),
  }
}

async function batch({ paths, in_flight }) {
  const waiting = paths.map((path) => readFileSync(path)).values()
  const work = async () => {
    for (const original of waiting) await job(original)
  }
  const taken = stopwatch()
  await Promise.all(Array.from({ length: in_flight }, work))
  return taken()
}

// cpuUsage() is of the whole process: the threads of libuv and libvips are in it.
function stopwatch() {
  const started = process.hrtime.bigint()
  const cpu = process.cpuUsage()
  return () => {
    const wall_s = Number(process.hrtime.bigint() - started) / 1e9
    const { user, system } = process.cpuUsage(cpu)
    return { wall_s, cpu_s: (user + system) / 1e6 }
  }
}

function peakMB() {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024
}

const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`)

const versions = { node: process.versions.node, sharp: sharp.versions.sharp }
say({ versions: { ...versions, "sharp's libvips": sharp.versions.vips } })
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line)
  say(await (request.op === 'one' ? one(request) : batch(request)))
}
