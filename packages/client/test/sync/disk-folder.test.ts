import t from 'tap'
import { makeDisk } from './disk-under-test.js'
import { changeConformance } from './local-folder-changes.js'
import { scanConformance } from './local-folder-conformance.js'

scanConformance(t, makeDisk)
changeConformance(t, makeDisk)
