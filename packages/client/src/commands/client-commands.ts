import { bucketShow } from './bucket-show.js'
import type { Command } from './command.js'
import { complete } from './complete.js'
import { completion } from './completion.js'
import { fetch } from './fetch.js'
import { get } from './get.js'
import { head } from './head.js'
import { layoutInit } from './layout-init.js'
import { layoutShow } from './layout-show.js'
import { ls } from './ls.js'
import { mb } from './mb.js'
import { post } from './post.js'
import { put } from './put.js'
import { rb } from './rb.js'
import { rm } from './rm.js'
import { shell } from './shell.js'
import { status } from './status.js'

/** The client's commands, in the order in which helps show them. */
export const clientCommands: readonly Command[] = [
  ...[mb, rb, bucketShow, put, get, head, rm, ls, post, fetch],
  ...[status, layoutInit, layoutShow, shell, completion, complete],
]
