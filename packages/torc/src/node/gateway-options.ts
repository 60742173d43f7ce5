import { defineOptions } from '@torc/client/config/options'

const portMax = 65_535

/** Ports of the HTTP faces; where neither is named there is no gateway. */
export const gatewayOptions = defineOptions({
  httpPort: {
    type: 'integer',
    max: portMax,
    value: 'PORT',
    doc: 'Port of the REST face; 0 = one that the system chooses',
  },
  s3Port: {
    type: 'integer',
    max: portMax,
    value: 'PORT',
    doc: 'Port of the S3 face; 0 = one that the system chooses',
  },
  s3Domain: {
    type: 'list',
    value: 'DOMAIN[,…]',
    doc: 'Domains whose subdomains are buckets (BUCKET.DOMAIN); path style always works',
  },
  httpsCert: {
    type: 'path',
    value: 'FILE',
    doc: 'Certificate (PEM) with which both faces speak HTTPS',
  },
  httpsKey: { type: 'path', value: 'FILE', doc: 'Key of that certificate (PEM)' },
})
