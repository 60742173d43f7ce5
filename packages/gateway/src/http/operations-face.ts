import type { IncomingMessage, ServerResponse } from 'node:http'
import { TorcError } from '@torc/protocol/errors'
import { Gauge } from 'prom-client'
import type { Face, HttpCall } from './face.js'
import type { Health } from './health.js'
import type { HttpMetrics } from './metrics.js'

/**
 * What whoever operates the gateway asks a port for, before the face sees it: `GET /health` and `GET /metrics`. Neither
 * needs an access key: they tell numbers, and no name of anything that is stored.
 */
export function withOperations(face: Face, health: Health, metrics: HttpMetrics): Face {
  const readClusterFacts = clusterFacts(health, metrics)
  return {
    name: face.name,
    async answer(request: IncomingMessage, response: ServerResponse, call: HttpCall): Promise<void> {
      const path = (request.url ?? '').split('?', 1)[0]
      const reads = request.method === 'GET' || request.method === 'HEAD'
      if (reads && path === '/health') return await answerHealth(request, response, health)
      if (reads && path === '/metrics') {
        await readClusterFacts()
        const { registry } = metrics
        return send(request, response, 200, registry.contentType, await registry.metrics())
      }
      return await face.answer(request, response, call)
    },
  }
}

async function answerHealth(
  request: IncomingMessage,
  response: ServerResponse,
  health: Health,
): Promise<void> {
  const report = await health.report()
  const text = `${JSON.stringify(report)}\n`
  send(request, response, report.available ? 200 : 503, 'application/json; charset=utf-8', text)
}

function send(
  { method }: IncomingMessage,
  response: ServerResponse,
  status: number,
  contentType: string,
  text: string,
): void {
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
  })
  response.end(method === 'HEAD' ? undefined : text)
}

/** Facts of the cluster; the function that is returned brings them up to date. Of one that does not answer only the first is told. */
function clusterFacts(health: Health, { registry }: HttpMetrics): () => Promise<void> {
  const registers = [registry]
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[] = []): Gauge<L> =>
    new Gauge({ name, help, labelNames: [...labelNames], registers })
  const reachable = gauge('torc_cluster_reachable', '1 where the store answers')
  const epoch = gauge('torc_cluster_epoch', 'Number of the layout in force; 0 = none yet')
  const healthy = gauge('torc_cluster_healthy', '1 where nothing needs an operator')
  const buckets = gauge('torc_cluster_buckets', 'Buckets')
  const agents = gauge('torc_cluster_agents', 'Agents by state', ['state'])
  const bytes = gauge('torc_cluster_bytes', 'Bytes of bodies as given, and as they lie on disks', ['kind'])
  return async () => {
    const status = await health.status()
    for (const one of [epoch, healthy, buckets, agents, bytes]) one.reset()
    reachable.set(status instanceof TorcError ? 0 : 1)
    if (status instanceof TorcError) return
    epoch.set(status.epoch)
    healthy.set(status.healthy ? 1 : 0)
    buckets.set(status.buckets)
    for (const { role, state } of status.members) if (role === 'agent') agents.inc({ state })
    if (status.logicalBytes !== undefined) bytes.set({ kind: 'logical' }, status.logicalBytes)
    if (status.physicalBytes !== undefined) bytes.set({ kind: 'physical' }, status.physicalBytes)
  }
}
