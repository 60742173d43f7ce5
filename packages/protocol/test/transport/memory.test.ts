import t from 'tap'
import { systemClock } from '../../src/environment/system.js'
import { memoryTransport } from '../../src/transport/memory.js'
import { VirtualClock } from '../support/virtual-clock.js'
import { transportConformance } from './conformance.js'

transportConformance(t, 'memory on the system clock', () => memoryTransport(systemClock))
transportConformance(t, 'memory on a virtual clock', () => memoryTransport(new VirtualClock()))
