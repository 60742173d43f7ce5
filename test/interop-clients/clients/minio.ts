import { fileURLToPath } from 'node:url'
import type { RealClient } from '../client.js'
import { mustRun } from '../day/command.js'
import { pythonWith } from '../tools/python.js'
import { runSteps, stepVariables } from './python-steps.js'

const script = fileURLToPath(new URL('../../../interop-clients/clients/minio_day.py', import.meta.url))

/** Another maker's signatures and parts: nothing of it comes from AWS. */
export const minio: RealClient = {
  name: 'minio-py',
  async install(tools) {
    const { python } = await pythonWith(tools, 'minio', ['minio'])
    const { stdout } = await mustRun(python, ['-c', 'import minio; print(minio.__version__)'])
    return { program: python, version: stdout.toString().trim() }
  },
  work: (day, gateway, python, folder) =>
    runSteps(day, python, script, stepVariables(gateway, folder, 'minio')),
}
