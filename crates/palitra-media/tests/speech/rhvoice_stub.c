/* A library with the calls of RHVoice that we use. It speaks a tone: 60 ms per byte of text, longer when slower,
   higher when the pitch is. It knows the voice "anna". */
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  int (*set_sample_rate)(int, void *);
  int (*play_speech)(const short *, unsigned int, void *);
  void *unused[7];
} callbacks;
typedef struct { const char *data, *config; const char **resources; callbacks calls; unsigned int options; } init;
typedef struct {
  const char *profile;
  double absolute_rate, absolute_pitch, absolute_volume, relative_rate, relative_pitch, relative_volume;
  int punctuation; const char *list; int capitals, flags;
} params;
typedef struct { callbacks calls; unsigned int length; double rate, pitch; void *user; } message;

void *RHVoice_new_tts_engine(const init *given) {
  callbacks *calls = malloc(sizeof *calls);
  *calls = given->calls;
  return calls;
}
void RHVoice_delete_tts_engine(void *engine) { free(engine); }
void *RHVoice_new_message(void *engine, const char *text, unsigned int length, int type, const params *given,
                          void *user) {
  (void)text; (void)type;
  if (strcmp(given->profile, "anna") != 0) return NULL;
  message *made = malloc(sizeof *made);
  *made = (message){*(callbacks *)engine, length, given->relative_rate, given->relative_pitch, user};
  return made;
}
void RHVoice_delete_message(void *made) { free(made); }
int RHVoice_speak(void *made) {
  message *said = made;
  if (!said->calls.set_sample_rate(24000, said->user)) return 0;
  short block[240];
  unsigned int blocks = (unsigned int)(said->length * 6 / said->rate), at = 0;
  for (unsigned int i = 0; i < blocks; i++) {
    for (int j = 0; j < 240; j++, at++) block[j] = (short)(9000 * sin(at * 440.0 * said->pitch * 6.2831853 / 24000));
    if (!said->calls.play_speech(block, 240, said->user)) return 0;
  }
  return 1;
}
