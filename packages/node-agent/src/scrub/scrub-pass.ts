/**
 * One pass of scrubbing over all blocks of the agent, as it is kept on disk: after a restart it goes on where it was.
 * Times are milliseconds since 1970.
 */
export interface ScrubPass {
  /** Passes that have begun in the agent's life; 0 before the first. */
  readonly pass: number
  /** An operator asked for it: it goes at the higher rate. */
  readonly asked: boolean
  readonly beganAtMs: number
  /** 0 while it is under way. */
  readonly endedAtMs: number
  /** Id of the last block that was checked, and of the last one that this pass checks. */
  readonly position: number
  readonly last: number
  /** What this pass has checked, and (about) how many bytes there are to check. */
  readonly blocks: number
  readonly bytes: number
  readonly bytesTotal: number
  /** Blocks that this pass found damaged, and those of them that it repaired. */
  readonly found: number
  readonly repaired: number
  /** Blocks repaired in the agent's life, whoever noticed the damage. */
  readonly repairedEver: number
}

/** What checking some blocks came to. */
export interface Checked {
  /** Id of the last of them. */
  readonly position: number
  readonly blocks: number
  readonly bytes: number
  readonly found: number
  readonly repaired: number
}

export function isWalking(pass: ScrubPass): boolean {
  return pass.pass > 0 && pass.endedAtMs === 0
}

/** The next pass: over the blocks up to `last`, so that it ends however many are written meanwhile. */
export function beginPass(
  before: ScrubPass,
  begin: {
    readonly asked: boolean
    readonly nowMs: number
    readonly last: number
    readonly bytesTotal: number
  },
): ScrubPass {
  return {
    pass: before.pass + 1,
    asked: begin.asked,
    beganAtMs: begin.nowMs,
    endedAtMs: 0,
    position: 0,
    last: begin.last,
    blocks: 0,
    bytes: 0,
    bytesTotal: begin.bytesTotal,
    found: 0,
    repaired: 0,
    repairedEver: before.repairedEver,
  }
}

export function advancePass(pass: ScrubPass, checked: Checked): ScrubPass {
  return {
    ...pass,
    position: checked.position,
    blocks: pass.blocks + checked.blocks,
    bytes: pass.bytes + checked.bytes,
    found: pass.found + checked.found,
    repaired: pass.repaired + checked.repaired,
    repairedEver: pass.repairedEver + checked.repaired,
  }
}

/** A block was repaired outside the walk. */
export function countRepair(pass: ScrubPass): ScrubPass {
  return { ...pass, repairedEver: pass.repairedEver + 1 }
}

/** Blocks that went meanwhile are nothing that is left to check: the total becomes what was checked. */
export function endPass(pass: ScrubPass, nowMs: number): ScrubPass {
  return { ...pass, endedAtMs: nowMs, position: pass.last, bytesTotal: pass.bytes }
}

/** Where a pass is, for people. */
export function describePass(pass: ScrubPass): string {
  if (pass.pass === 0) return 'no pass yet'
  const { found, repaired, bytes, bytesTotal } = pass
  const damage = found === 0 ? 'none damaged' : `${found} damaged, ${repaired} repaired`
  const percent = bytesTotal === 0 ? 0 : Math.min(99, Math.floor((bytes / bytesTotal) * 100))
  const how = isWalking(pass) ? `${percent} %` : 'done'
  return `pass ${pass.pass}: ${how}, ${pass.blocks} ${pass.blocks === 1 ? 'block' : 'blocks'} checked, ${damage}`
}
