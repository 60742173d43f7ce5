import { readFileSync } from 'node:fs'
import { systemEnvironment } from '@torc/protocol/environment/system'
import { connectExchange } from '@torc/protocol/exchange/endpoint'
import type { Exchange } from '@torc/protocol/exchange/exchange'
import { tcpTransport } from '@torc/protocol/transport/tcp'
import { parseAddress } from '@torc/protocol/transport/transport'

export interface Rows {
  readonly read: number
  readonly written: number
}

/** Asks agents what they read and wrote, over connections of its own. */
export class AgentRows {
  readonly #exchanges: readonly Exchange[]

  private constructor(exchanges: readonly Exchange[]) {
    this.#exchanges = exchanges
  }

  /** Connects as a server would, by the cluster's secret. */
  static async connect(addresses: readonly string[], secretFile: string): Promise<AgentRows> {
    const { clusterId, secret } = JSON.parse(readFileSync(secretFile, 'utf8')) as Record<string, string>
    const identity = {
      role: 'server',
      id: 'scale-00000000',
      name: 'scale',
      address: '127.0.0.1:1',
      clusterId: clusterId ?? '',
      secret: Buffer.from(secret ?? '', 'base64url'),
    } as const
    const exchanges = addresses.map(text => {
      const address = parseAddress(text)
      if (address === undefined) throw new Error(`no address: ${text}`)
      return connectExchange(tcpTransport(), address, {
        identity,
        environment: systemEnvironment,
        expectedRoles: ['agent'],
      })
    })
    return new AgentRows(await Promise.all(exchanges))
  }

  /** Of all agents together, since they started. */
  async read(): Promise<Rows> {
    const answers = await Promise.all(this.#exchanges.map(exchange => exchange.request('fetchUsage', {})))
    let read = 0
    let written = 0
    for (const { head } of answers) {
      if (head.rowsRead === undefined || head.rowsWritten === undefined) {
        throw new Error('an agent does not tell how many rows it read and wrote')
      }
      read += head.rowsRead
      written += head.rowsWritten
    }
    return { read, written }
  }

  async close(): Promise<void> {
    await Promise.all(this.#exchanges.map(exchange => exchange.close(0)))
  }
}
