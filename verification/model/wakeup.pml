/*
 * The wake-up protocol of the scheduler (core, internal/gmp/Gmp): tasks are put into queues by an M
 * that runs, and by a thread outside; Ms that find nothing become idle. Is a task ever left in a
 * queue while all Ms that could run it are parked, with nobody on the way?
 *
 * What is modelled
 *  - state: idle and spinning, changed in one atomic step each, as in the program;
 *  - the status of each P, an M's park with its permit, claims;
 *  - queues as counters, one for each P and the global one; a full fence is what Promela gives anyway,
 *    so that a missing one is modelled by BUG variants which look too early;
 *  - the outside submitter, and tasks that submit further tasks (an M that runs puts into its own
 *    queue).
 * Left out: runnext and its laziness (sysmon mends those by looking periodically), which task it is.
 *
 * Checked: no assertion fails, and there is no end state but: all tasks ran, all Ms parked, all
 * counts at rest. A lost wake-up is an invalid end state.
 *
 *   spin -a wakeup.pml && cc -O2 -DSAFETY -o pan pan.c && ./pan -m1000000
 *
 * With -DHOG the first task that runs does not end before all others have: so others must run them,
 * and a task that waits beside an idle M for one that is busy is an invalid end state, too.
 *
 * Seeded mistakes, each of which must be found:
 *   -DNO_RECHECK   an M that becomes idle does not look at the queues once more
 *   -DNO_HANDON    the last spinning M that finds work wakes nobody
 *   -DEARLY_LOOK   a submitter reads the state before it has put the task into the queue
 */

#ifndef MS
#define MS 3
#endif
#ifndef OUTSIDE
#define OUTSIDE 2   /* tasks from outside */
#endif
#ifndef CHILDREN
#define CHILDREN 1  /* further tasks which each of them submits */
#endif

byte idle = 0;
byte spinning = 0;
bool isIdle[MS];         /* status of P i */
bool permit[MS];         /* of M i's thread */
byte queue[MS];          /* tasks in the ring of P i */
byte parents[MS];        /* how many of them will submit more */
byte global = 0;         /* those from outside: all of them submit more */
byte ran = 0;
bool done = false;
#ifdef HOG
bool hogging = false;
#endif

#define ALL (OUTSIDE + OUTSIDE * CHILDREN)

/* wake(): one reservation, then the claim of some P that is idle, and its unpark. */
inline claim() {
  do
  :: true ->
     if
     :: atomic { isIdle[0] -> isIdle[0] = false; permit[0] = true }; break
     :: atomic { MS > 1 && isIdle[1] -> isIdle[1] = false; permit[1] = true }; break
     :: atomic { MS > 2 && isIdle[2] -> isIdle[2] = false; permit[2] = true }; break
     fi
  od
}

inline wake() {
  atomic {
    if
    :: idle > 0 && spinning == 0 -> idle--; spinning++; reserved = true
    :: else -> reserved = false
    fi
  };
  if
  :: reserved -> claim()
  :: else
  fi
}

/* The mistake: to decide first and put the task afterwards. */
inline wakeDecidedBefore() {
  if
  :: early -> wake()
  :: else
  fi
}

proctype M(byte me) {
  bool spins = false;
  bool reserved;
  bool early;
  bool found;
  bool parent;
  byte v;
  byte was;
  byte child;
#ifdef HOG
  bool hog;
#endif

search:
  found = false;
  /* own queue, global queue */
  atomic {
    if
    :: queue[me] > 0 -> queue[me]--; found = true;
       if
       :: parents[me] > 0 -> parents[me]--; parent = true
       :: else -> parent = false
       fi
    :: queue[me] == 0 && global > 0 -> global--; found = true; parent = true
    :: else
    fi
  };
  if
  :: found -> goto work
  :: else
  fi;
  /* may it spin? */
  if
  :: !spins ->
     atomic {
       if
       :: 2 * spinning < MS - idle -> spinning++; spins = true
       :: else
       fi
     }
  :: else
  fi;
  if
  :: spins ->
     v = 0;
     do
     :: v < MS && !found ->
        atomic {
          if
          :: v != me && queue[v] > 0 ->
             queue[v]--; found = true;
             if
             :: parents[v] > 0 -> parents[v]--; parent = true
             :: else -> parent = false
             fi
          :: else
          fi
        };
        v++
     :: else -> break
     od;
     if
     :: found -> goto work
     :: else
     fi
  :: else
  fi;
  /* idle */
  isIdle[me] = true;
  atomic {
    idle++;
    if
    :: spins -> spinning--; spins = false
    :: else
    fi
  };
#ifndef NO_RECHECK
  /* once more, one queue after the other */
  found = (global > 0);
  v = 0;
  do
  :: v < MS && !found -> found = (queue[v] > 0); v++
  :: else -> break
  od;
  if
  :: found ->
     atomic {
       if
       :: idle > 0 -> idle--; spinning++; reserved = true
       :: else -> reserved = false
       fi
     };
     if
     :: reserved ->
        atomic {
          if
          :: isIdle[me] -> isIdle[me] = false; reserved = false; spins = true
          :: else
          fi
        };
        if
        :: reserved -> /* a waker has claimed it meanwhile: give the reservation back */
           atomic { idle++; spinning--; reserved = false };
           spins = true
        :: else
        fi;
        goto search
     :: else /* all that are idle are being woken */
     fi
  :: else
  fi;
#endif
park:
  do
  :: atomic { !isIdle[me] -> permit[me] = false; spins = true; break }
  :: atomic { isIdle[me] && permit[me] -> permit[me] = false }
  :: done -> goto stop
  od;
  goto search;

work:
  if
  :: spins ->
     spins = false;
     atomic { was = spinning; spinning-- };
#ifndef NO_HANDON
     if
     :: was == 1 -> wake()
     :: else
     fi
#endif
  :: else
  fi;
  if
  :: parent ->
     child = 0;
     do
     :: child < CHILDREN ->
#ifdef EARLY_LOOK
        early = (idle > 0 && spinning == 0);
        queue[me]++;
        wakeDecidedBefore();
#else
        queue[me]++;
        wake();
#endif
        child++
     :: else -> break
     od
  :: else
  fi;
#ifdef HOG
  /* The first that runs goes on until all the others have run. */
  atomic {
    if
    :: !hogging -> hogging = true; hog = true
    :: else -> hog = false
    fi
  };
  if
  :: hog -> ran == ALL - 1
  :: else
  fi;
#endif
  ran++;
  goto search;

stop:
  skip
}

proctype Outside() {
  bool reserved;
  bool early;
  byte n = 0;
  do
  :: n < OUTSIDE ->
#ifdef EARLY_LOOK
     early = (idle > 0 && spinning == 0);
     global++;
     wakeDecidedBefore();
#else
     global++;
     wake();
#endif
     n++
  :: else -> break
  od
}

init {
  byte i;
  atomic {
    i = 0;
    do
    :: i < MS -> run M(i); i++
    :: else -> break
    od;
    run Outside()
  };
  /* Only if everything ran does anybody get past this. */
  ran == ALL;
  /* And then all of them come to rest, with nothing counted twice. */
  (idle == MS && spinning == 0);
  done = true
}
