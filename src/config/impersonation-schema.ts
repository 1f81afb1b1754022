import { z } from 'zod';

const duration = z.string();

/** How `kubectl --as` is decided. */
export const impersonationSchema = z
  .strictObject({
    constrained: z
      .union([z.boolean(), z.literal('detect')], { error: 'must be true, false or detect' })
      .default(true)
      .describe(
        'Whether the API server knows of constrained impersonation (KEP-5284, on by default from Kubernetes 1.36). With false only the verb `impersonate` counts, as before 1.35. `detect`: as its version says, looked at in the background; while that is not known, as with false. An API server whose gate was switched off needs false.',
      ),
    maxHeaderValues: z
      .int()
      .min(1)
      .max(1_000)
      .default(64)
      .describe(
        'The most values (user, uid, groups and extras together) that a request may ask for; more are refused with 431 before anything is asked.',
      ),
    reviewTimeout: duration
      .default('5s')
      .describe(
        'The longest that a SubjectAccessReview may take, whatever Envoy would wait; a duration above 0.',
      ),
    allowCacheTTL: duration
      .default('10s')
      .describe('How long a yes of the API server is remembered; 0s: not at all.'),
    denyCacheTTL: duration
      .default('5s')
      .describe('How long a no of the API server is remembered; 0s: not at all.'),
    originalUserExtra: z
      .string()
      .default('originaluser.jetstack.io')
      .describe(
        'What the extras begin with that tell the API server who asked to be somebody else: `<this>-user`, `-groups`, `-uid` and `-extra` (JSON).',
      ),
  })
  .prefault({})
  .describe('How `kubectl --as` is decided.');

/** What goes upstream besides, with every request. */
export const extraSchema = z
  .strictObject({
    clientIP: z
      .boolean()
      .default(false)
      .describe(
        'Send the address of the client, as Envoy knows it, as the extra `remote-client-ip`.',
      ),
    static: z
      .record(z.string(), z.array(z.string()).min(1))
      .default({})
      .describe(
        "Extras that every request carries, each with its values. Refused: keys that are not in lower case, that are of Kubernetes' domains or that an entry maps, and values that no header can carry.",
      ),
  })
  .prefault({})
  .describe('What goes upstream besides the identity, with every request.');
