import { blocks } from './blocks.js'
import { bucketSet } from './bucket-set.js'
import { bucketShow } from './bucket-show.js'
import type { Command } from './command.js'
import { complete } from './complete.js'
import { completion } from './completion.js'
import { cp } from './cp.js'
import { fetch } from './fetch.js'
import { get } from './get.js'
import { head } from './head.js'
import { keyCreate } from './key-create.js'
import { keyDelete } from './key-delete.js'
import { keyGrant } from './key-grant.js'
import { keyList } from './key-list.js'
import { keyRevoke } from './key-revoke.js'
import { keyShow } from './key-show.js'
import { layoutApply } from './layout-apply.js'
import { layoutAssign } from './layout-assign.js'
import { layoutCancel } from './layout-cancel.js'
import { layoutInit } from './layout-init.js'
import { layoutRecover } from './layout-recover.js'
import { layoutRemove } from './layout-remove.js'
import { layoutReplicas } from './layout-replicas.js'
import { layoutShow } from './layout-show.js'
import { log } from './log.js'
import { ls } from './ls.js'
import { mb } from './mb.js'
import { mv } from './mv.js'
import { policySet } from './policy-set.js'
import { policyShow } from './policy-show.js'
import { post } from './post.js'
import { put } from './put.js'
import { rb } from './rb.js'
import { repairRun } from './repair-run.js'
import { repairScrub } from './repair-scrub.js'
import { repairShow } from './repair-show.js'
import { restore } from './restore.js'
import { rm } from './rm.js'
import { shell } from './shell.js'
import { status } from './status.js'
import { sync } from './sync.js'
import { tagRm } from './tag-rm.js'
import { tagSet } from './tag-set.js'
import { tagShow } from './tag-show.js'
import { uploads } from './uploads.js'
import { uploadsAbort } from './uploads-abort.js'
import { watch } from './watch.js'

/** The client's commands, in the order in which helps show them. */
export const clientCommands: readonly Command[] = [
  ...[mb, rb, bucketShow, bucketSet, put, get, head, rm, cp, mv, ls, log, restore],
  ...[policyShow, policySet, tagShow, tagSet, tagRm, post, fetch, watch, sync, uploads, uploadsAbort],
  ...[keyCreate, keyList, keyShow, keyGrant, keyRevoke, keyDelete],
  ...[
    status,
    blocks,
    layoutInit,
    layoutShow,
    layoutAssign,
    layoutRecover,
    layoutRemove,
    layoutReplicas,
    layoutApply,
    layoutCancel,
    repairRun,
    repairShow,
    repairScrub,
    shell,
    completion,
    complete,
  ],
]
