/** @file Checking of user-supplied records against a schema, with errors that name the field. */

import type { z } from 'zod'
import { type ErrorCode, VesaliusError } from './errors.ts'

/**
 * Parses `value` with `schema`. Throws a {@link VesaliusError} that names each wrong field (`model.image.width: expected
 * number`) and where the value came from.
 */
export function parseWith<T extends z.ZodType>(
  schema: T,
  value: unknown,
  where: string,
  code: ErrorCode = 'CONFIG_INVALID',
): z.output<T> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const problems = result.error.issues.slice(0, 5).map((issue) => {
    const field = issue.path.map(String).join('.')
    return field === '' ? issue.message : `${field}: ${issue.message}`
  })
  const more = result.error.issues.length > 5 ? ` (and ${result.error.issues.length - 5} more)` : ''
  throw new VesaliusError(code, `${where} is not valid: ${problems.join('; ')}${more}.`, { where })
}
