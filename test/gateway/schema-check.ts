type Schema = Readonly<Record<string, unknown>>

/** Where a value is not as a schema of the description says; empty where it is. Knows just what the description uses. */
export function violations(
  value: unknown,
  schema: Schema,
  components: Readonly<Record<string, Schema>>,
): string[] {
  const walk = (value: unknown, schema: Schema, at: string): string[] => {
    const { $ref, oneOf, type, required, properties, additionalProperties, items } = schema
    if (typeof $ref === 'string') {
      const named = components[$ref.replace('#/components/schemas/', '')]
      return named === undefined ? [`${at}: ${$ref} leads nowhere`] : walk(value, named, at)
    }
    if (Array.isArray(oneOf)) {
      const fitting = oneOf.filter(one => walk(value, one, at).length === 0)
      return fitting.length === 1 ? [] : [`${at}: fits ${fitting.length} of its forms`]
    }
    if ('const' in schema && value !== schema.const) return [`${at}: is ${String(value)}`]
    if (Array.isArray(schema.enum) && !schema.enum.includes(value)) return [`${at}: is ${String(value)}`]
    if (type !== undefined && ![type].flat().some(one => isOf(value, String(one))))
      return [`${at}: is no ${String(type)}`]
    if (Array.isArray(value))
      return value.flatMap((item, i) => walk(item, (items ?? {}) as Schema, `${at}[${i}]`))
    if (typeof value !== 'object' || value === null) return []
    const fields = value as Record<string, unknown>
    const known = (properties ?? {}) as Record<string, Schema>
    const missing = ((required ?? []) as string[]).filter(name => !(name in fields))
    const inner = Object.entries(fields).flatMap(([name, field]) => {
      const described = known[name] ?? (additionalProperties as Schema | undefined)
      if (described !== undefined) return walk(field, described, `${at}.${name}`)
      // An object that names its fields names all of them.
      return properties === undefined ? [] : [`${at}.${name}: is not described`]
    })
    return [...missing.map(name => `${at}.${name}: is missing`), ...inner]
  }
  return walk(value, schema, '$')
}

function isOf(value: unknown, type: string): boolean {
  if (type === 'null') return value === null
  if (type === 'array') return Array.isArray(value)
  if (type === 'integer') return Number.isSafeInteger(value)
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value)
  return typeof value === type
}
