import t from 'tap'
import { systemClock } from '../../src/environment/system.js'
import { memoryTransport } from '../../src/transport/memory.js'
import { tcpTransport } from '../../src/transport/tcp.js'
import { exchangeConformance } from './conformance.js'

exchangeConformance(t, 'memory', () => memoryTransport(systemClock))
exchangeConformance(t, 'tcp', () => tcpTransport())
